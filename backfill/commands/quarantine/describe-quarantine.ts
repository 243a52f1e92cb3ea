import type { OldItemContext } from '../../../functions/migration/old-item-context.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { textTable } from '../../text-table.ts';
import type { ReplayedDelivery } from './quarantine-replay.ts';

/** What a list says of an entry. */
export type ListedEntry = QuarantineEntry & OldItemContext;

const UNKNOWN = '–';

export function describeEntries(entries: readonly ListedEntry[]): string[] {
  if (entries.length === 0) return ['Quarantine is empty.'];
  return [
    ...textTable(
      ['item', 'reason', 'attribute', 'tenant', 'KPI', 'of', 'since', ''],
      entries.map(({ source, id, reason, tenantId, kpiId, date, quarantinedAt, accepted }) => [
        `${source} ${id}`,
        reason.code,
        reason.attribute ?? '',
        tenantId ?? UNKNOWN,
        kpiId ?? UNKNOWN,
        date ?? UNKNOWN,
        quarantinedAt,
        accepted ? `accepted by ${accepted.by}` : '',
      ]),
      true,
    ),
    ...(entries.some(({ accepted }) => accepted === undefined)
      ? ['Correct an item in the service, and it leaves by itself. One that is to stay behind must be accepted.']
      : ['Every item is accepted. None blocks the cutover.']),
  ];
}

export function describeAcceptance({ source, id, reason }: QuarantineEntry, by: string, executed: boolean): string[] {
  const said = `${source} ${id} (${reason.code}: ${reason.message})`;
  return executed ? [`Accepted by ${by}: ${said}. It is in no new table.`] : [`${by} would accept ${said}.`];
}

export function describeReplay(replayed: readonly ReplayedDelivery[], executed: boolean): string[] {
  const failed = replayed.filter(({ failures }) => failures.length > 0);
  const records = replayed.reduce((sum, delivery) => sum + delivery.records, 0);
  const what = `${replayed.length} deliveries with ${records} records`;
  return [
    executed ? `Replayed ${what}; ${failed.length} stay.` : `Would replay ${what}; ${failed.length} cannot be read.`,
    ...failed.flatMap(({ key, failures }) => [`  ${key}`, ...failures.map((failure) => `    ${failure}`)]),
  ];
}
