import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NEW_DATA, NEW_LINKS, type TableNames } from '../../../functions/migration/tables.ts';
import { type Item, idOf } from '../../../functions/model/attribute-value.ts';
import { sameItem } from '../../../functions/model/compare.ts';
import { scanPage } from '../../../functions/tables/dynamo/dynamo-reads.ts';
import { eachItem } from '../../../functions/tables/pages.ts';

/** The rows of both new tables by table and id. */
export type Rows = ReadonlyMap<string, Item>;

/** Reads strongly what a contender has written. */
export async function readRows(client: DynamoDBClient, names: TableNames): Promise<Rows> {
  const rows = new Map<string, Item>();
  for (const table of [NEW_LINKS, NEW_DATA] as const) {
    const position = { segment: 0, totalSegments: 1 };
    const all = eachItem((cursor) => scanPage(client, names[table], { ...position, ...(cursor && { cursor }) }));
    for await (const row of all) rows.set(`${table} ${idOf(row)}`, row);
  }
  return rows;
}

/**
 * Makes sure that a copy has each row of another, and no other rows.
 *
 * @throws where one is missing, extra or different.
 */
export function requireSameRows(expected: Rows, actual: Rows): void {
  const missing = [...expected.keys()].filter((name) => !actual.has(name));
  const extra = [...actual.keys()].filter((name) => !expected.has(name));
  const different = [...expected].filter(([name, row]) => actual.has(name) && !sameItem(row, actual.get(name)));
  if (expected.size > 0 && missing.length + extra.length + different.length === 0) return;
  const [example] = [...missing, ...extra, ...different.map(([name]) => name)];
  throw new Error(
    `The copies differ: of ${expected.size} rows ${missing.length} are missing and ${different.length} different, ${extra.length} are extra. One is ${example}.`,
  );
}
