/**
 * A DynamoDB attribute value in wire form. The model works on these and never on JavaScript numbers, so that a value
 * keeps its type and its exact digits (tables.md, "The mapping").
 */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { BOOL: boolean }
  | { NULL: boolean }
  | { B: Uint8Array }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: Uint8Array[] }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> };

/** A whole DynamoDB item: attribute name to attribute value. */
export type Item = Record<string, AttributeValue>;

/** The text of an `S` attribute, or undefined where the attribute is absent or of another type. */
export function textOf(item: Item | undefined, name: string): string | undefined {
  const value = item?.[name];
  return value !== undefined && 'S' in value ? value.S : undefined;
}

/** The id of an item of any table but the control table: a text, since it is the key (tables.md); empty where there is none. */
export function idOf(item: Item): string {
  return textOf(item, 'id') ?? '';
}
