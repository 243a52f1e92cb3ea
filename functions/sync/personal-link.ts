import { demandOfPersonalLink, recordIn } from '../migration/demand.ts';
import { personalLinkId } from '../migration/ids.ts';
import { answerLater } from '../migration/look-ups.ts';
import { RECORD_SOURCES, tenantOf } from '../migration/sources.ts';
import { NEW_LINKS } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import { type KpiKey, kpiIdentity } from '../model/kpi.ts';
import { decodeKpiRow, encodeKpiRow, hasLinks, type KpiHead, kpiRowKey } from '../tables/control/kpi-rows.ts';
import { apart } from '../tables/dynamo/apart.ts';
import { attempt, valuesOf } from '../tables/dynamo/attempt.ts';
import type { Write } from '../tables/dynamo/transactions.ts';
import type { Page } from '../tables/old/old-tables.ts';
import { ATTEMPTS_MAX, ContentionError, nowSeconds, type Replication } from './replication.ts';

/**
 * Gives a KPI that has records but no link a link of its own, keeps its date, and takes it away when the last record goes
 * (tables.md, "Held records"). A real link's event takes it away by itself.
 *
 * All records of the KPI are read, so this costs a listing a call. The K row's token is read before the listing and moved on
 * also where nothing changes, as for a live link event.
 *
 * @returns whether the KPI's records are to be fanned out since a link is there that was not.
 */
export async function replicatePersonalLink(replication: Replication, kpi: KpiKey): Promise<boolean> {
  const id = personalLinkId(kpi.kpiId);
  for (let round = 0; round < ATTEMPTS_MAX; round += 1) {
    const [stored, row] = await replication.transactions.read([
      kpiRowKey(kpi),
      { table: NEW_LINKS, key: { id: { S: id } } },
    ]);
    const before = decodeKpiRow(kpi, stored);
    if (hasLinks(before)) return false;
    const dates = await recordDates(replication, kpi);
    const personal = await answerLater(demandOfPersonalLink(kpi, dates), replication.old);
    const appears = personal !== undefined && before.personal === undefined;
    const goes = personal === undefined && before.personal !== undefined;
    const token = replication.newToken();
    const { personal: _, ...rest } = before;
    const tombstones = new Map(before.inlineTombstones);
    if (appears) tombstones.delete(id);
    if (goes) tombstones.set(id, nowSeconds(replication));
    const next: KpiHead & { token: string } = {
      ...rest,
      token,
      inlineTombstones: tombstones,
      ...(personal && { personal: { id, linkedAt: personal.linkedAt } }),
      ...((appears || goes) && { linksToken: token, fanOutPending: token, sweepPending: token }),
    };
    const writes: Write[] = [
      { kind: 'put', table: 'control', item: encodeKpiRow(next), ifToken: before.token ?? null },
      ...rowWrites(id, kpi, personal?.row, row),
    ];
    if (await replication.transactions.write(writes)) return next.fanOutPending !== undefined;
  }
  throw new ContentionError("a KPI's own link");
}

function rowWrites(id: string, kpi: KpiKey, desired: Item | undefined, stored: Item | undefined): Write[] {
  if (desired) return sameItem(desired, stored) ? [] : [{ kind: 'put', table: NEW_LINKS, item: desired }];
  // The id is made of the KPI's id alone: a row that another tenant's KPI of the same id has is not ours to delete.
  return tenantOf(stored) === kpi.tenantId ? [{ kind: 'delete', table: NEW_LINKS, key: { id: { S: id } } }] : [];
}

async function recordDates(replication: Replication, kpi: KpiKey): Promise<string[]> {
  const ids = new Set(await listRecordIds(replication, kpi));
  const { results } = await apart([...ids], (some) => replication.old.readRecords(some));
  const items = results.flatMap((records) => [...records.values()]);
  // A record that cannot even be parsed has no date that counts; its own event or copy quarantines it.
  const records = valuesOf(items.map((each) => attempt(() => recordIn(each))));
  return records.flatMap((record) => (record && kpiIdentity(record.kpi) === kpiIdentity(kpi) ? [record.date] : []));
}

/** Ids of all records the KPI may have: by C rows, which are read strongly, and by the index. */
async function listRecordIds(replication: Replication, kpi: KpiKey): Promise<string[]> {
  const ids = await readAll((cursor) => replication.control.queryTouchedRecords(kpi, cursor));
  for (const source of RECORD_SOURCES) {
    ids.push(...(await readAll((cursor) => replication.old.queryRecordIds(source, kpi, cursor))));
  }
  return ids;
}

async function readAll(readPage: (cursor?: Item) => Promise<Page<string>>): Promise<string[]> {
  const all: string[] = [];
  let cursor: Item | undefined;
  do {
    const page = await readPage(cursor);
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor);
  return all;
}
