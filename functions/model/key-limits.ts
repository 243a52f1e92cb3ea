/** Longest values of a table's or an index's keys, in bytes (Developer Guide, "Constraints in Amazon DynamoDB", partition keys and sort keys). */
export const PARTITION_KEY_BYTES_MAX = 2_048;
export const SORT_KEY_BYTES_MAX = 1_024;

/**
 * Whether a text can be the value of a key: not empty, and not longer than so many bytes of UTF-8 (same page; Developer Guide, "Data
 * types": String). No item has any other, and DynamoDB refuses to look for one.
 */
export function canBeKey(text: string, bytesMax: number): boolean {
  // A UTF-16 unit takes three bytes at most.
  return text !== '' && (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax);
}
