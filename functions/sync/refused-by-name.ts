import { type RecordItems, sourcesIn } from '../migration/demand.ts';
import type { QuarantineReason } from '../migration/quarantine-reason.ts';
import { kpiKeyOf, RECORD_SOURCES, type Source } from '../migration/sources.ts';
import { type Item, textOf } from '../model/attribute-value.ts';
import { itemDigest } from '../model/digest.ts';
import { distinctKpis } from '../model/kpi.ts';
import { decodeQuarantined, encodeRecordToken, recordTokenKey } from '../tables/control/control-rows.ts';
import { encodeKpiRow, type KpiHead } from '../tables/control/kpi-rows.ts';
import {
  decodeQuarantineEntry,
  deleteEntry,
  putEntry,
  type QuarantineEntry,
  quarantineKey,
} from '../tables/control/quarantine-rows.ts';
import { attemptLater, valuesOf } from '../tables/dynamo/attempt.ts';
import type { Write } from '../tables/dynamo/transactions.ts';
import type { KpiViews } from './kpi-views.ts';
import { isFor } from './quarantine-decision.ts';
import { type Refusal, reasonOfRefusal } from './refusal.ts';
import type { RecordChange, RecordResult } from './replicate-record.ts';
import { nowSeconds, type Replication, retentionSeconds } from './replication.ts';

/**
 * Quarantines a record of which nothing more could be kept or read: an entry without the item, under the fence of its
 * record-token row. Its older rows stay where they are, so a validation finds them, and says so.
 *
 * @param views the KPI rows last read; none is read for this.
 * @returns undefined where others were quicker.
 * @throws the refusal where there is no table to name.
 */
export async function quarantineByName(
  replication: Replication,
  views: KpiViews,
  change: RecordChange,
  refusal: Refusal<unknown>,
): Promise<RecordResult | undefined> {
  const { transactions, old } = replication;
  const { id } = change;
  const [token, ...heads] = await transactions.read([
    recordTokenKey(id),
    ...RECORD_SOURCES.map((source) => quarantineKey(source, id)),
  ]);
  const [base] = valuesOf([
    await attemptLater(async (): Promise<RecordItems> => (await old.readRecords([id])).get(id) ?? {}),
  ]);
  const sources = base === undefined ? change.sources : sourcesIn(base);
  if (sources.length === 0) throw refusal.error;
  const reason = reasonOfRefusal(refusal);
  const entries = RECORD_SOURCES.flatMap((source, at) => {
    const stored = heads[at] && decodeQuarantineEntry(heads[at]);
    if (sources.includes(source)) return nameEntry(replication, source, id, reason, stored, base?.[source]);
    // An item that is gone is out of quarantine; one that could not be read may still be there.
    return stored && base ? deleteEntry(stored) : [];
  });
  const expiresAt = nowSeconds(replication) + retentionSeconds(replication);
  const before = base ? [] : decodeQuarantined(token);
  const inQuarantine = RECORD_SOURCES.filter((source) => sources.includes(source) || before.includes(source));
  const fence: Write = {
    kind: 'put',
    table: 'control',
    item: encodeRecordToken(id, replication.newToken(), expiresAt, inQuarantine),
    ifToken: textOf(token, 'token') ?? null,
  };
  if (!(await transactions.write([fence, ...entries]))) return undefined;
  // Also the KPIs it left: their personal link no longer counts it.
  const kpis = distinctKpis([...change.kpis, ...Object.values(base ?? {}).map(kpiKeyOf)]);
  const seen = kpis.map((kpi) => views.head(kpi)).filter((row) => row !== undefined);
  return { change, outcome: 'quarantined', rowsWritten: 0, seen, refusal: refusal.error };
}

/** The writes that quarantine a link so: its KPIs' rows stay as they are but for their tokens, which are the fence. */
export function linkByName(
  replication: Replication,
  id: string,
  reason: QuarantineReason,
  kpis: readonly KpiHead[],
  stored: QuarantineEntry | undefined,
  image: Item,
): Write[] {
  const fences = kpis.map((kpi): Write => {
    const item = encodeKpiRow({ ...kpi, token: replication.newToken() });
    return { kind: 'put', table: 'control', item, ifToken: kpi.token ?? null };
  });
  return [...fences, ...nameEntry(replication, 'links', id, reason, stored, image)];
}

/** An entry for the same reason that holds more of the item, as it is now, is left. */
function nameEntry(
  replication: Replication,
  source: Source,
  id: string,
  reason: QuarantineReason,
  stored: QuarantineEntry | undefined,
  image: Item | undefined,
): Write[] {
  const isSameItem = stored?.image !== undefined && (image === undefined || stored.image.digest === itemDigest(image));
  if (isSameItem && isFor(stored, reason)) return [];
  const quarantinedAt = new Date(replication.nowMs()).toISOString();
  return putEntry({ source, id, reason, quarantinedAt }, undefined, 'name', stored);
}
