import { demandOfPersonalLink, recordIn } from '../migration/demand.ts';
import { personalLinkId } from '../migration/ids.ts';
import { answerLater } from '../migration/look-ups.ts';
import { RECORD_SOURCES } from '../migration/sources.ts';
import { NEW_LINKS } from '../migration/tables.ts';
import { type KpiKey, kpiIdentity } from '../model/kpi.ts';
import { decodeKpiRow, hasLinks, kpiRowKey } from '../tables/control/kpi-rows.ts';
import { apart } from '../tables/dynamo/apart.ts';
import { attempt, valuesOf } from '../tables/dynamo/attempt.ts';
import { eachItem } from '../tables/pages.ts';
import { decidePersonalLink } from './personal-link-decision.ts';
import { readNamed } from './read-named.ts';
import { ATTEMPTS_MAX, ContentionError, nowSeconds, type Replication } from './replication.ts';

/**
 * Gives a KPI that has records but no link a personal link, keeps its date right, and takes it away when the last record
 * goes (tables.md, "Held records"). A real link's event takes it away by itself.
 *
 * Each call lists all records of the KPI. The KPI row's token is read before that.
 *
 * @returns whether the KPI's records are to be fanned out, since their link came or went.
 */
export async function replicatePersonalLink(replication: Replication, kpi: KpiKey): Promise<boolean> {
  for (let round = 0; round < ATTEMPTS_MAX; round += 1) {
    const { kpiRow, row } = await readNamed(replication, {
      kpiRow: kpiRowKey(kpi),
      row: { table: NEW_LINKS, key: { id: { S: personalLinkId(kpi.kpiId) } } },
    });
    const head = decodeKpiRow(kpi, kpiRow);
    if (hasLinks(head)) return false;
    const dates = await recordDates(replication, kpi);
    const demanded = await answerLater(demandOfPersonalLink(kpi, dates), replication.old);
    const token = replication.newToken();
    const decision = decidePersonalLink(head, row, demanded, { token, nowSeconds: nowSeconds(replication) });
    if (await replication.transactions.write(decision.writes)) return decision.fanOut;
  }
  throw new ContentionError("a KPI's personal link");
}

async function recordDates(replication: Replication, kpi: KpiKey): Promise<string[]> {
  const ids = new Set(await listRecordIds(replication, kpi));
  const { results } = await apart([...ids], (some) => replication.old.readRecords(some));
  const items = results.flatMap((records) => [...records.values()]);
  // A record that cannot even be parsed has no date that counts; its own event or copy quarantines it.
  const records = valuesOf(items.map((each) => attempt(() => recordIn(each))));
  return records.flatMap((record) => (record && kpiIdentity(record.kpi) === kpiIdentity(kpi) ? [record.date] : []));
}

/** Ids of all records the KPI may have: by touched-record rows, which are read strongly, and by the index. */
async function listRecordIds(replication: Replication, kpi: KpiKey): Promise<string[]> {
  const ids = await Array.fromAsync(eachItem((cursor) => replication.control.queryTouchedRecords(kpi, cursor)));
  for (const source of RECORD_SOURCES) {
    ids.push(...(await Array.fromAsync(eachItem((cursor) => replication.old.queryRecordIds(source, kpi, cursor)))));
  }
  return ids;
}
