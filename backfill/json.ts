/** JSON of a document. A map becomes an object: `JSON.stringify` alone would print it as `{}`. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, part: unknown) => withoutMaps(part), indent);
}

/** The entries of a map as an object. Whatever their names, they become properties of its own. */
export function withoutMaps(value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
