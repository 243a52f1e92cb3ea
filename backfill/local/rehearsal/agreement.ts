import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { expectedRows, readOldContent } from '../../../functions/migration/expected.ts';
import { SOURCES } from '../../../functions/migration/sources.ts';
import type { TableNames, TableRole } from '../../../functions/migration/tables.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { type Difference, differences } from '../../../functions/model/compare.ts';
import { type CountsByName, countNames } from '../../../functions/model/counts-by-name.ts';
import type { HeldRecords } from '../../../functions/model/kpi.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';

/** A row that is not as the old tables demand. */
export interface Disagreement {
  readonly table: 'kpiLinks' | 'kpiData' | 'quarantine';
  readonly id: string;
  readonly differences: readonly Difference[];
}

/** What a comparison of all rows came to. */
export interface Agreement {
  readonly rowsCompared: { readonly kpiLinks: number; readonly kpiData: number };
  readonly disagreements: readonly Disagreement[];
  readonly heldBySource: CountsByName;
  readonly quarantinedByReason: CountsByName;
  readonly warnings: number;
}

/**
 * Compares every row of both new tables, and every entry of quarantine, with what the mapping says of the old tables, which
 * are scanned apart and mapped as a whole: nothing of the replication has a part in it.
 */
export async function compareAll(
  client: DynamoDBClient,
  names: TableNames,
  heldRecords: HeldRecords,
): Promise<Agreement> {
  const expected = expectedRows(await readOldContent((table) => scanTable(client, names, table)), heldRecords);
  const kpiLinks = byId(await scanTable(client, names, 'kpiLinks'));
  const kpiData = byId(await scanTable(client, names, 'kpiData'));
  const refused = new Map(
    expected.quarantined.map(({ source, id, reason }) => [`${source} ${id}`, entry(reason.code)]),
  );
  const quarantine = new Map<string, Item>();
  for await (const { source, id, reason } of listQuarantine(client, names, SOURCES)) {
    quarantine.set(`${source} ${id}`, entry(reason.code));
  }
  return {
    rowsCompared: {
      kpiLinks: new Set([...expected.kpiLinks.keys(), ...kpiLinks.keys()]).size,
      kpiData: new Set([...expected.kpiData.keys(), ...kpiData.keys()]).size,
    },
    disagreements: [
      ...disagreementsOf('kpiLinks', expected.kpiLinks, kpiLinks),
      ...disagreementsOf('kpiData', expected.kpiData, kpiData),
      ...disagreementsOf('quarantine', refused, quarantine),
    ],
    heldBySource: countNames(expected.held.map(({ source }) => source)),
    quarantinedByReason: countNames(expected.quarantined.map(({ reason }) => reason.code)),
    warnings: expected.warnings.length,
  };
}

function entry(reasonCode: string): Item {
  return { reason: { S: reasonCode } };
}

/** The rows that differ, by id of either side. Pure. */
export function disagreementsOf(
  table: Disagreement['table'],
  expected: ReadonlyMap<string, Item>,
  actual: ReadonlyMap<string, Item>,
): Disagreement[] {
  const ids = new Set([...expected.keys(), ...actual.keys()]);
  return [...ids]
    .map((id) => ({ table, id, differences: differences(expected.get(id), actual.get(id)) }))
    .filter((row) => row.differences.length > 0);
}

function byId(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [textOf(item, 'id') ?? '', item]));
}

/** All items of a table, read strongly. */
export async function scanTable(client: DynamoDBClient, names: TableNames, role: TableRole): Promise<Item[]> {
  const items: Item[] = [];
  const pages = paginateScan({ client, pageSize: 1_000 }, { TableName: names[role], ConsistentRead: true });
  for await (const { Items = [] } of pages) items.push(...(Items as Item[]));
  return items;
}
