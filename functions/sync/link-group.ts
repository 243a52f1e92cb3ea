import { demandOfLink, type LinkDemand } from '../migration/demand.ts';
import { answerLater, askedOnce } from '../migration/look-ups.ts';
import { kpiKeyOf } from '../migration/sources.ts';
import { NEW_LINKS } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import { type KpiKey, kpiIdentity } from '../model/kpi.ts';
import { decodeKpiRow, kpiRowKey, spilledLinkKey } from '../tables/control/kpi-rows.ts';
import { decodeQuarantineEntry, quarantineKey } from '../tables/control/quarantine-rows.ts';
import {
  bytesOf,
  type RowKey,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_ITEMS_MAX,
  type Write,
} from '../tables/dynamo/transactions.ts';
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
      rows: changes.map(({ id }): RowKey => ({ table: NEW_LINKS, key: { id: { S: id } } })),
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
    // Links of one KPI have the same owner.
    const lookUps = askedOnce(old);
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

    const left = members.filter(isLeft).map(({ change }) => linkResult(change, { kind: 'gone' }, [kpi], false));
    const done = here.map(({ change }, at) =>
      linkResult(change, demands[at] as LinkDemand, [kpi], changedIds.has(change.id)),
    );
    const apart = members.filter((member) => !isHere(member) && !isLeft(member)).map(({ change }) => change);
    return { done: [...left, ...done], apart, hasSpilled: readsSpilled };
  }
  throw new ContentionError("a KPI's links");
}

function isOf(item: Item | undefined, kpi: KpiKey): boolean {
  return item === undefined || kpiIdentity(kpiKeyOf(item)) === kpiIdentity(kpi);
}

function fitsTransaction(writes: readonly Write[]): boolean {
  return writes.length <= TRANSACTION_ITEMS_MAX && bytesOf(writes) <= TRANSACTION_BYTES_MAX;
}

/** What became of a link that demanded this. */
export function linkResult(
  change: LinkChange,
  demand: LinkDemand,
  kpis: readonly KpiKey[],
  changed: boolean,
): LinkResult {
  const warnings = demand.kind === 'valid' ? demand.warnings : [];
  return { change, outcome: demand.kind, changed, warnings, kpis };
}
