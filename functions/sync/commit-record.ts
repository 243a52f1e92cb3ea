import { encodeRecordToken, encodeTouchedRecord } from '../tables/control/control-rows.ts';
import { intoTransactions } from '../tables/dynamo/into-transactions.ts';
import { TRANSACTION_ITEMS_MAX, type Write } from '../tables/dynamo/transactions.ts';
import type { RecordDecision } from './record-decision.ts';
import type { RecordScope, RecordTokens } from './record-snapshot.ts';
import { limitsOf, nowSeconds, type Replication, retentionSeconds } from './replication.ts';

/** What a commit writes beside token rows. */
type Decided = Pick<RecordDecision, 'writes' | 'entries' | 'quarantined'>;

/**
 * Writes the decision, part after part.
 *
 * @returns false where a token or a row was not as it was read; parts before that one are written.
 */
export async function commitRecord(
  replication: Replication,
  recordId: string,
  scope: RecordScope,
  tokens: RecordTokens,
  decided: Decided,
): Promise<boolean> {
  for (const part of partsOfCommit(replication, recordId, scope, tokens, decided)) {
    if (!(await replication.transactions.write(part))) return false;
  }
  return true;
}

/**
 * The transactions of a commit. Each has a fresh token in the record-token row, on the condition of the token before.
 * There is one also where there is nothing else to write: the fresh token is what stops an earlier attempt whose write
 * is still under way. Touched-record rows are written where they are missing or half of their time has passed.
 *
 * Where it takes several, the last of them may never come. So quarantine is entered before rows go and left after they have come: what is
 * there only in part has its entry, which the gate refuses.
 */
export function partsOfCommit(
  replication: Replication,
  recordId: string,
  { kpis }: RecordScope,
  tokens: RecordTokens,
  { writes, entries, quarantined }: Decided,
): readonly (readonly Write[])[] {
  const now = nowSeconds(replication);
  const expiresAt = now + retentionSeconds(replication);
  const due = kpis.filter((_, at) => (tokens.expiries[at] ?? 0) < now + retentionSeconds(replication) / 2);
  const touched = due.map((kpi): Write => {
    return { kind: 'put', table: 'control', item: encodeTouchedRecord(kpi, recordId, expiresAt) };
  });
  const itemsMax = Math.min(limitsOf(replication).rowsPerTransactionMax, TRANSACTION_ITEMS_MAX - 1);
  const isEntered = (entry: readonly Write[]): boolean => entry.some(({ kind }) => kind === 'put');
  const groups = [
    ...touched.map((write) => [write]),
    ...entries.filter(isEntered),
    ...writes.map((write) => [write]),
    ...entries.filter((entry) => !isEntered(entry)),
  ];
  const parts = intoTransactions(
    groups.filter((group) => group.length > 0),
    (group) => group,
    itemsMax,
  ).map((group) => group.flat());
  const all = parts.length === 0 ? [[]] : parts;
  // Between two parts an entry may be there still, or already: whoever comes by then has to look.
  const between = [...new Set([...tokens.inQuarantine, ...quarantined])];
  let current = tokens.token;
  return all.map((part, at) => {
    const token = replication.newToken();
    const inQuarantine = at === all.length - 1 ? quarantined : between;
    const item = encodeRecordToken(recordId, token, expiresAt, inQuarantine);
    const fence: Write = { kind: 'put', table: 'control', item, ifToken: current };
    current = token;
    return [fence, ...part];
  });
}
