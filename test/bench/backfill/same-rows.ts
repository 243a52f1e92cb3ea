import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { scanTable } from '../../../backfill/local/rehearsal/agreement.ts';
import { NEW_TABLES, type TableNames } from '../../../functions/migration/tables.ts';
import { type Item, idOf } from '../../../functions/model/attribute-value.ts';
import { sameItem } from '../../../functions/model/compare.ts';

/** The rows of both new tables by table and id. */
export type Rows = ReadonlyMap<string, Item>;

/** Reads strongly what a contender has written. */
export async function readRows(client: DynamoDBClient, names: TableNames): Promise<Rows> {
  const rows = new Map<string, Item>();
  for (const table of NEW_TABLES) {
    for (const row of await scanTable(client, names, table)) rows.set(`${table} ${idOf(row)}`, row);
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
