/**
 * The value under a name that comes from data, or undefined. Plain `values[name]` also finds what every object inherits:
 * for `constructor` a function, for `__proto__` an object.
 */
export function own<T>(values: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}
