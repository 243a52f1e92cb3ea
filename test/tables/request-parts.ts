import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import type { Request, RequestRule, WriteRequest } from '../../functions/tables/dynamo/request-rules.ts';

/** Where DynamoDB Local does not do as AWS documents. */
interface LocalOtherwise {
  readonly refuses: boolean;
  /** What it does, and where the other is written. */
  readonly why: string;
}

/** A request, and the rule that it breaks. */
export type Case = readonly [
  name: string,
  request: Request,
  rule: RequestRule | undefined,
  /** Absent where DynamoDB Local answers as the rules do. */
  local?: LocalOtherwise,
];

export const s = (text: string): { S: string } => ({ S: text });
export const x = (bytes: number): string => 'x'.repeat(bytes);
export const many = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
export const bytes = (count: number): Uint8Array => new Uint8Array(count);

/** An item of KpiLink, which has six indexes of one key each. */
export const link = (attributes: Item = {}, id = 'link'): Item => ({ id: s(id), ...attributes });
/** An item of KpiData, whose indexes have sort keys. */
export const data = (attributes: Item = {}): Item => ({ id: s('data'), kpi_link_id: s('link'), ...attributes });
export const put = (item: Item, table: 'kpiLinks' | 'kpiData' | 'control' = 'kpiLinks'): Request => ({
  operation: 'Write',
  write: { kind: 'put', table, item },
});
export const value = (attribute: AttributeValue): Request => put(link({ value: attribute }));
export const key = (id: string) => ({ table: 'kpiLinks', key: { id: s(id) } }) as const;
export const controlKey = (pk: string, sk: string) => ({ table: 'control', key: { pk: s(pk), sk: s(sk) } }) as const;
export const writing = (id: string, attributes: Item = {}): WriteRequest => ({
  kind: 'put',
  table: 'kpiLinks',
  item: link(attributes, id),
});

export const inMaps = (levels: number, innermost: AttributeValue): AttributeValue =>
  levels === 0 ? innermost : { M: { m: inMaps(levels - 1, innermost) } };
export const inLists = (levels: number, innermost: AttributeValue): AttributeValue =>
  levels === 0 ? innermost : { L: [inLists(levels - 1, innermost)] };

/** An item that has just so many bytes: 2 + 4 of its id, 1 of the name of its text. */
export const ofBytes = (size: number, id = 'link'): Item => link({ v: s(x(size - 2 - id.length - 1)) }, id);
/** Writes that have just so many bytes together. */
export const writesOfBytes = (count: number, size: number): WriteRequest[] => {
  const each = Math.floor(size / count);
  return many(count, (at) => ({
    kind: 'put',
    table: 'kpiLinks',
    item: ofBytes(at === 0 ? size - each * (count - 1) : each, `w${10 + at}`),
  }));
};
export const KB = 1_024;
