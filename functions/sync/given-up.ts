import type { KpiKey } from '../model/kpi.ts';
import { noteUnfinished, type UnfinishedItem } from '../tables/control/unfinished-items.ts';
import { failureCode } from '../tables/dynamo/failure-scope.ts';
import type { Replication } from './replication.ts';

/**
 * Notes, for a later backfill, an item that can neither be replicated nor quarantined. By then it has been tried as it is and in every form of
 * quarantine, and its failure is its own: the same again would fail again. So it is given up at once, and nothing waits for it.
 *
 * @param occasion names what it was worked on for; the same one gives the same note.
 */
export async function noteGivenUp(
  replication: Pick<Replication, 'control' | 'nowMs'>,
  { kind, id, kpis }: { readonly kind: UnfinishedItem['kind']; readonly id: string; readonly kpis: readonly KpiKey[] },
  error: unknown,
  occasion: string,
): Promise<UnfinishedItem> {
  const at = new Date(replication.nowMs()).toISOString();
  const item = { kind, id, kpis: [...kpis], code: failureCode(error), at };
  await noteUnfinished(replication.control, item, occasion);
  return item;
}
