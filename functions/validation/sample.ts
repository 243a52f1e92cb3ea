import { linkIn, recordIn } from '../migration/demand.ts';
import { usersAskedFor } from '../migration/link-mapping.ts';
import { byRecordSource, RECORD_SOURCES } from '../migration/sources.ts';
import { LOOK_UP_TABLE_OF, NEW_DATA, NEW_LINKS, OLD_TABLE_OF } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import type { HeldRecords, KpiKey } from '../model/kpi.ts';
import { attempt, attemptLater, valuesOf } from '../tables/dynamo/attempt.ts';
import type { ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import { readApart } from './examine-links.ts';
import type { Content } from './memory-reads.ts';
import { migratedContent } from './self-proof.ts';

/** Records of each table that are taken of a KPI. */
const RECORDS_MAX = 5;

/** An item that is named elsewhere as one that could not be examined is none to prove anything on. */
const canBeRead =
  (parse: (item: Item) => unknown) =>
  (item: Item): boolean =>
    !('error' in attempt(() => parse(item)));

/** Copies a few KPIs with some of their records, and the rows that these have, as both sides are now. */
export async function readSample(
  reads: ValidationReads,
  kpis: readonly { readonly kpi: KpiKey; readonly linkIds: readonly string[] }[],
  heldRecords: HeldRecords,
): Promise<Content> {
  const linkIds = kpis.flatMap((each) => each.linkIds);
  const read = async (table: ReadTable, ids: readonly string[]) => (await readApart(reads, table, ids, [])).items;
  const links = [...(await read(OLD_TABLE_OF.links, linkIds)).values()].filter(canBeRead(linkIn));
  const kpiItems = await read(
    LOOK_UP_TABLE_OF.kpi,
    kpis.map(({ kpi }) => kpi.kpiId),
  );
  const users = usersAskedFor(
    kpis.map(({ kpi }) => kpi),
    kpiItems,
    links,
  );
  const persons: Item[] = [];
  for (const user of users) persons.push(...valuesOf([await attemptLater(() => reads.listPeople(user))]).flat());

  const records = byRecordSource((): Item[] => []);
  const ids: string[] = [];
  for (const { kpi } of kpis) {
    for (const source of RECORD_SOURCES) {
      const page = await attemptLater(() => reads.listIds(OLD_TABLE_OF[source], 'kpi', kpi.kpiId));
      ids.push(...valuesOf([page]).flatMap(({ items }) => items.slice(0, RECORDS_MAX)));
    }
  }
  for (const source of RECORD_SOURCES) {
    const items = [...(await read(OLD_TABLE_OF[source], ids)).values()];
    records[source].push(...items.filter(canBeRead((item) => recordIn({ [source]: item }))));
  }
  const lookUps = { [LOOK_UP_TABLE_OF.kpi]: [...kpiItems.values()], [LOOK_UP_TABLE_OF.person]: persons };
  const demanded = migratedContent({ ...records, links, ...lookUps }, heldRecords);
  return {
    ...demanded,
    tables: {
      ...demanded.tables,
      [NEW_LINKS]: await read(NEW_LINKS, [...demanded.tables[NEW_LINKS].keys()]),
      [NEW_DATA]: await read(NEW_DATA, [...demanded.tables[NEW_DATA].keys()]),
    },
  };
}
