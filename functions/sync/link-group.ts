import type { Item } from '../model/attribute-value.ts';
import { demandOfLink, type LinkDemand } from '../model/demand.ts';
import { itemBytes } from '../model/item-size.ts';
import { answerLater, type LookUpsLater } from '../model/look-ups.ts';
import { type KpiKey, kpiIdentity, kpiKeyOf } from '../model/sources.ts';
import { decodeKpiRow, kpiRowKey, spilledLinkKey } from '../tables/control/kpi-rows.ts';
import { decodeQuarantineEntry, quarantineKey } from '../tables/control/quarantine-rows.ts';
import {
  type RowKey,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_ITEMS_MAX,
  type Write,
} from '../tables/dynamo/transactions.ts';
import type { OldTables } from '../tables/old/old-tables.ts';
import type { LinkOrigin } from './kpi-decision.ts';
import { circumstancesOf, kpiSnapshot } from './kpi-snapshot.ts';
import { decideLinks, type LinkFacts } from './link-decision.ts';
import { readNamed } from './read-named.ts';
import type { LinkChange, LinkResult } from './replicate-links.ts';
import { ATTEMPTS_MAX, ContentionError, type Replication } from './replication.ts';

export interface GroupResult {
  readonly done: readonly LinkResult[];
  /** Links that need a transaction of their own: those that are or were in another KPI too, or all where one cannot hold them. */
  readonly apart: readonly LinkChange[];
  /** Whether the KPI has spilled links, so that the next group reads them at once. */
  readonly hasSpilled: boolean;
}

/** A link with what one transaction has read of it. */
interface Member {
  readonly change: LinkChange;
  readonly row: Item | undefined;
  readonly entry: Item | undefined;
}

/**
 * Brings several links of one KPI to what the old tables demand in one transaction, under one move of the KPI's token: for each link steps 1 and 2 of
 * the protocol (README.md). All or none of them take effect.
 *
 * @param hasSpilled whether the KPI is known to have spilled links.
 * @throws ContentionError where others kept changing the KPI's links; anything else where one of the links, or storage, fails: each link by itself
 * tells which.
 */
export async function replicateGroup(
  replication: Replication,
  kpi: KpiKey,
  changes: readonly LinkChange[],
  origin: LinkOrigin,
  hasSpilled: boolean,
): Promise<GroupResult> {
  const { transactions, old } = replication;
  let readsSpilled = hasSpilled;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const { kpiRow, rows, entries, spilledItems } = await readNamed(replication, {
      kpiRow: kpiRowKey(kpi),
      rows: changes.map(({ id }): RowKey => ({ table: 'kpiLinks', key: { id: { S: id } } })),
      entries: changes.map(({ id }) => quarantineKey('links', id)),
      spilledItems: readsSpilled ? changes.map(({ id }) => spilledLinkKey(kpi, id)) : [],
    });
    const head = decodeKpiRow(kpi, kpiRow);
    if (head.spilled !== undefined && !readsSpilled) {
      readsSpilled = true;
      continue;
    }
    const members = changes.map((change, at): Member => ({ change, row: rows[at], entry: entries[at] }));
    const images = await old.readLinks(changes.map(({ id }) => id));
    // Whoever writes a row moves the token of the KPI that the row is of.
    const isHere = ({ change, row }: Member) => [row, images.get(change.id)].every((item) => isOf(item, kpi));
    // What is gone has an event of its own that says so; a copier has nothing to add to it.
    const isLeft = ({ change }: Member) => origin !== 'live' && !images.has(change.id);
    const here = members.filter((member) => isHere(member) && !isLeft(member));
    const lookUps = sharedLookUps(old);
    const demands = await Promise.all(
      here.map(({ change }) => answerLater(demandOfLink(images.get(change.id)), lookUps)),
    );
    const links = here.map(({ change, row, entry }, at): LinkFacts => {
      const quarantined = entry && decodeQuarantineEntry(entry);
      return { id: change.id, demand: demands[at] as LinkDemand, row, quarantined };
    });
    const snapshot = await kpiSnapshot(replication, head, spilledItems);
    const { writes, changedIds } = decideLinks(links, [snapshot], circumstancesOf(replication, origin));
    if (!fitsTransaction(writes)) return { done: [], apart: changes, hasSpilled: readsSpilled };
    if (writes.length > 0 && !(await transactions.write(writes))) continue;

    const left = members.filter(isLeft).map(({ change }) => resultOf(change, { kind: 'gone' }, kpi, false));
    const done = here.map(({ change }, at) =>
      resultOf(change, demands[at] as LinkDemand, kpi, changedIds.has(change.id)),
    );
    const apart = members.filter((member) => !isHere(member) && !isLeft(member)).map(({ change }) => change);
    return { done: [...left, ...done], apart, hasSpilled: readsSpilled };
  }
  throw new ContentionError("a KPI's links");
}

function isOf(item: Item | undefined, kpi: KpiKey): boolean {
  return item === undefined || kpiIdentity(kpiKeyOf(item)) === kpiIdentity(kpi);
}

/** Look-ups of which each is made once: links of one KPI have the same owner. */
function sharedLookUps(old: OldTables): LookUpsLater {
  const kpis = new Map<string, ReturnType<OldTables['readKpi']>>();
  const people = new Map<string, ReturnType<OldTables['queryPeople']>>();
  return {
    readKpi: (kpiId) => getOrSet(kpis, kpiId, () => old.readKpi(kpiId)),
    queryPeople: (userId) => getOrSet(people, userId, () => old.queryPeople(userId)),
  };
}

function getOrSet<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function fitsTransaction(writes: readonly Write[]): boolean {
  const bytes = writes.reduce((sum, write) => sum + (write.kind === 'put' ? itemBytes(write.item) : 0), 0);
  return writes.length <= TRANSACTION_ITEMS_MAX && bytes <= TRANSACTION_BYTES_MAX;
}

function resultOf(change: LinkChange, demand: LinkDemand, kpi: KpiKey, changed: boolean): LinkResult {
  const warnings = demand.kind === 'valid' ? demand.warnings : [];
  return { change, outcome: demand.kind, changed, warnings, kpis: [kpi] };
}
