import { withoutMaps } from '../../json.ts';

/** JSON whose objects have their names in order, so that the same value gives the same text. */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(value, inOrder, 2)}\n`;
}

function inOrder(_: string, part: unknown): unknown {
  const value = withoutMaps(part);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
