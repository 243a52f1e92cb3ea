import type { RecordItems } from '../migration/demand.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { attempt, attemptLater, attemptTogether } from '../tables/dynamo/attempt.ts';
import { intoTransactions } from '../tables/dynamo/into-transactions.ts';
import { keyIdentity } from '../tables/dynamo/possible-keys.ts';
import { type RowKey, TRANSACTION_ITEMS_MAX, type Write } from '../tables/dynamo/transactions.ts';
import { partsOfCommit } from './commit-record.ts';
import type { KpiViews } from './kpi-views.ts';
import { candidateRowIds } from './record-decision.ts';
import {
  dataRowKey,
  type Guessed,
  headKeysOf,
  type RecordScope,
  type SnapshotResult,
  snapshotOf,
} from './record-snapshot.ts';
import { decideNow, firstScope, type RecordChange, type RecordResult, seenOf, widened } from './replicate-record.ts';
import { limitsOf, type Replication } from './replication.ts';

/** A record with all that is read of it in the group's transaction. */
export interface Member {
  readonly change: RecordChange;
  readonly scope: RecordScope;
  readonly guessed: Guessed;
  readonly keys: readonly RowKey[];
}

export interface GroupResult {
  readonly done: readonly RecordResult[];
  /** Records that need a transaction of their own. Nothing was written for them. */
  readonly apart: readonly RecordChange[];
}

/**
 * Puts changes into groups that one transaction can read. A group of one has nothing to share.
 *
 * @returns the groups; and `apart` what is not worth, or not capable of, a group.
 */
export async function groupRecords(
  replication: Replication,
  views: KpiViews,
  changes: readonly RecordChange[],
): Promise<{ readonly groups: readonly (readonly Member[])[]; readonly apart: readonly RecordChange[] }> {
  const { recordsPerTransactionMax } = limitsOf(replication);
  if (recordsPerTransactionMax < 2 || changes.length < 2) return { groups: [], apart: changes };
  const apart: RecordChange[] = [];
  const groups: Member[][] = [];
  let last: Member[] = [];
  let keys = new Set<string>();
  for (const change of changes) {
    const found = await attemptLater(() => memberOf(views, change));
    if ('error' in found) {
      apart.push(change);
      continue;
    }
    const member = found.value;
    const ids = member.keys.map(({ table, key }) => keyIdentity(table, key));
    const together = new Set([...keys, ...ids]);
    if (last.length > 0 && last.length < recordsPerTransactionMax && together.size <= TRANSACTION_ITEMS_MAX) {
      last.push(member);
      keys = together;
      continue;
    }
    last = [member];
    keys = new Set(ids);
    groups.push(last);
  }
  return {
    groups: groups.filter((members) => members.length > 1),
    apart: [...apart, ...groups.filter((members) => members.length === 1).flatMap(changesOf)],
  };
}

async function memberOf(views: KpiViews, change: RecordChange): Promise<Member> {
  const scope = firstScope(change);
  const guesses = await views.guess(scope.kpis);
  const rowIds = candidateRowIds(change.id, guesses);
  const keys = [...Object.values(headKeysOf(change.id, scope)).flat(), ...rowIds.map(dataRowKey)];
  return { change, scope, guessed: { guesses, rowIds }, keys };
}

/**
 * Brings several records to what the old tables demand: for each of them steps 1 to 4 of the protocol (README.md), with
 * one transaction to read them and one to write them. It is as if their own transactions took effect at one instant, so
 * each is under its own token, and all or none take effect.
 *
 * A record that is anything but plain is left apart: one in or for quarantine, one that is seen in more KPIs than its
 * change names, one that was refused.
 */
export async function replicateRecordGroup(
  replication: Replication,
  views: KpiViews,
  members: readonly Member[],
): Promise<GroupResult> {
  const read = await attemptTogether(() => readMembers(replication, views, members));
  if (read === undefined) return { done: [], apart: changesOf(members) };
  const apart: RecordChange[] = [];
  const plain: Commit[] = [];
  for (const [at, member] of members.entries()) {
    const base = read.bases.get(member.change.id) ?? {};
    const commit = attempt(() => commitOf(replication, member, base, read.snapshots[at] as SnapshotResult));
    if ('error' in commit || commit.value === undefined) apart.push(member.change);
    else plain.push(commit.value);
  }
  const done: RecordResult[] = [];
  for (const commits of intoTransactions(plain, ({ writes }) => writes)) {
    const writes = commits.flatMap((commit) => commit.writes);
    const isWritten = await attemptTogether(() => replication.transactions.write(writes));
    if (isWritten) done.push(...commits.map(({ result }) => result));
    else apart.push(...commits.map(({ result }) => result.change));
  }
  return { done, apart };
}

/** The tokens first, then the items: as for a record by itself. */
async function readMembers(replication: Replication, views: KpiViews, members: readonly Member[]) {
  const keys = members.flatMap((member) => member.keys);
  const items = await replication.transactions.read(keys);
  const found = new Map(keys.map(({ table, key }, at) => [keyIdentity(table, key), items[at]]));
  const read = ({ table, key }: RowKey): Item | undefined => found.get(keyIdentity(table, key));
  const snapshots = members.map(({ change, scope, guessed }) => {
    const keysOf = headKeysOf(change.id, scope);
    const heads = {
      token: read(keysOf.token),
      kpis: keysOf.kpis.map(read),
      touched: keysOf.touched.map(read),
      entries: keysOf.entries.map(read),
    };
    const rows = guessed.rowIds.map((id) => read(dataRowKey(id))).filter((row) => row !== undefined);
    return snapshotOf(views, change.id, scope, guessed, heads, new Map(rows.map((row) => [idOf(row), row])));
  });
  const bases = await replication.old.readRecords(members.map(({ change }) => change.id));
  return { snapshots, bases };
}

/** What is to be written for a record, and what came of it then. */
interface Commit {
  readonly writes: readonly Write[];
  readonly result: RecordResult;
}

/** @returns undefined for a record that is anything but plain. */
function commitOf(
  replication: Replication,
  { change, scope }: Member,
  base: RecordItems,
  read: SnapshotResult,
): Commit | undefined {
  if (read.kind !== 'whole') return undefined;
  const { snapshot } = read;
  if (widened(scope, base, snapshot.inQuarantine)) return undefined;
  const decision = decideNow(replication, change.id, base, snapshot);
  const isInQuarantine = snapshot.inQuarantine.length > 0 || decision.entries.some((writes) => writes.length > 0);
  if (decision.outcome === 'quarantined' || isInQuarantine) return undefined;
  const [writes, ...others] = partsOfCommit(replication, change.id, scope, snapshot, decision);
  if (writes === undefined || others.length > 0) return undefined;
  const seen = snapshot.kpis.map(seenOf);
  return { writes, result: { change, outcome: decision.outcome, rowsWritten: decision.rowsChanged, seen } };
}

function changesOf(members: readonly Member[]): RecordChange[] {
  return members.map(({ change }) => change);
}
