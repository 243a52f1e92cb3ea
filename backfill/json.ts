/** JSON of a document, on one line or indented. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, toPlain, indent);
}

/** JSON whose objects have their names in order, so that equal values give the same text. */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(value, inOrder, 2)}\n`;
}

/**
 * `JSON.stringify` alone prints a map as `{}` and bytes as `{"0":1}`. A map becomes an object; bytes become base64, as in
 * DynamoDB's JSON.
 */
function toPlain(this: unknown, name: string, value: unknown): unknown {
  // A Buffer has a toJSON, which is called before this function; the holder still has the bytes.
  const held = (this as Readonly<Record<string, unknown>>)[name];
  if (held instanceof Uint8Array) return Buffer.from(held).toString('base64');
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function inOrder(this: unknown, name: string, part: unknown): unknown {
  const value = toPlain.call(this, name, part);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
