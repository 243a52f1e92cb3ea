import pMap from 'p-map';
import { demandOfLink, type LinkDemand, quarantined } from '../migration/demand.ts';
import { answerLater } from '../migration/look-ups.ts';
import type { Warning } from '../migration/quarantine-reason.ts';
import { kpiKeyOf } from '../migration/sources.ts';
import { NEW_LINKS } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import { distinctKpis, type KpiKey, kpiIdentity, NO_KPI } from '../model/kpi.ts';
import { decodeKpiRow, kpiRowKey, spilledLinkKey } from '../tables/control/kpi-rows.ts';
import { decodeQuarantineEntry, type KeptForm, quarantineKey } from '../tables/control/quarantine-rows.ts';
import { scopeOf } from '../tables/dynamo/failure-scope.ts';
import type { LinkOrigin } from './kpi-decision.ts';
import { circumstancesOf, kpiSnapshot } from './kpi-snapshot.ts';
import { KpiTurns } from './kpi-turns.ts';
import { decideLinks } from './link-decision.ts';
import { linkResult, replicateGroup } from './link-group.ts';
import { readNamed } from './read-named.ts';
import { isSameRead, type Refusal, reasonOfRefusal, standingRefusal, withRefusals } from './refusal.ts';
import { linkByName } from './refused-by-name.ts';
import { limitsOf, type Replication } from './replication.ts';

/** A link that may have changed; like a record's change, it says where to look and nothing else. */
export interface LinkChange {
  readonly id: string;
  /** The KPIs it was seen in: those of every old and new image. */
  readonly kpis: readonly KpiKey[];
}

export interface LinkResult {
  readonly change: LinkChange;
  readonly outcome: LinkDemand['kind'];
  readonly changed: boolean;
  readonly warnings: readonly Warning[];
  /** All KPIs that the link was or is in. */
  readonly kpis: readonly KpiKey[];
  /** Why the link is in quarantine as `refused`. */
  readonly refusal?: unknown;
}

/** What became of the changes given, each once: in `done` or in `failed`. */
export interface LinksResult {
  readonly done: readonly LinkResult[];
  readonly failed: readonly { readonly change: LinkChange; readonly error: unknown }[];
}

/** Where results are gathered. */
interface Gathered {
  readonly done: LinkResult[];
  readonly failed: { readonly change: LinkChange; readonly error: unknown }[];
}

/**
 * Brings KPI rows, link rows and quarantine to what the old links demand: steps 1 and 2 of the protocol for links
 * (README.md). Links of one KPI share a token: they are written some in one transaction, one transaction after the
 * other. KPIs are worked on side by side, with a bound. The records' rows follow by {@link fanOut}, for which a live
 * change leaves a mark in the KPI row.
 *
 * @param turns shared by all calls that may be under way at the same time in this process.
 */
export async function replicateLinks(
  replication: Replication,
  changes: readonly LinkChange[],
  origin: LinkOrigin,
  turns = new KpiTurns(),
): Promise<LinksResult> {
  const gathered: Gathered = { done: [], failed: [] };
  const byKpi = Map.groupBy(changes, (change) => kpiIdentity(change.kpis[0] ?? NO_KPI));
  await pMap(
    byKpi.values(),
    (group) => turns.take([group[0]?.kpis[0] ?? NO_KPI], () => replicateOfKpi(replication, group, origin, gathered)),
    { concurrency: replication.recordConcurrency },
  );
  return gathered;
}

/** @param changes all of which name the same KPI first. */
async function replicateOfKpi(
  replication: Replication,
  changes: readonly LinkChange[],
  origin: LinkOrigin,
  { done, failed }: Gathered,
): Promise<void> {
  const ofThisAlone = changes.filter(({ kpis }) => kpis.length === 1);
  const apart = changes.filter(({ kpis }) => kpis.length !== 1);
  const sizeMax = limitsOf(replication).linksPerTransactionMax;
  let hasSpilled = false;
  for (let start = 0; start < ofThisAlone.length; start += sizeMax) {
    const group = ofThisAlone.slice(start, start + sizeMax);
    const [kpi] = group.flatMap(({ kpis }) => kpis);
    if (group.length === 1 || kpi === undefined) {
      apart.push(...group);
      continue;
    }
    try {
      const result = await replicateGroup(replication, kpi, group, origin, hasSpilled);
      done.push(...result.done);
      apart.push(...result.apart);
      hasSpilled = result.hasSpilled;
    } catch (error) {
      // Each by itself tells which of them it is of; what is not of an item would meet each of them.
      if (scopeOf(error) === 'item') apart.push(...group);
      else failed.push(...group.map((change) => ({ change, error })));
    }
  }
  for (const change of apart) {
    try {
      done.push(await replicateLink(replication, change, origin));
    } catch (error) {
      failed.push({ change, error });
    }
  }
}

/** What a decision on a link is made on; look-ups have no events of their own, and are read again each time. */
interface LinkState {
  readonly image: Item | undefined;
}

function replicateLink(replication: Replication, change: LinkChange, origin: LinkOrigin): Promise<LinkResult> {
  let kpis: readonly KpiKey[] = change.kpis.length > 0 ? distinctKpis(change.kpis) : [NO_KPI];
  let spillers: readonly KpiKey[] = [];
  return withRefusals<LinkState, LinkResult>(round, sameState, "a link's KPI");

  async function round(
    refusal: Refusal<LinkState> | undefined,
    tell: (state: LinkState) => void,
  ): Promise<LinkResult | undefined> {
    const { kpiRows, row, entry, spilledItems } = await readNamed(replication, {
      kpiRows: kpis.map(kpiRowKey),
      row: { table: NEW_LINKS, key: { id: { S: change.id } } },
      entry: quarantineKey('links', change.id),
      spilledItems: spillers.map((kpi) => spilledLinkKey(kpi, change.id)),
    });
    const heads = kpis.map((kpi, at) => decodeKpiRow(kpi, kpiRows[at]));
    // Where a KPI has spilled links, this one's own item says whether it is one of them.
    const spilling = distinctKpis([...spillers, ...heads.filter(({ spilled }) => spilled).map(({ kpi }) => kpi)]);
    if (spilling.length > spillers.length) {
      spillers = spilling;
      return undefined;
    }
    const image = await replication.old.readLink(change.id);
    // What is gone has an event of its own that says so; a copier has nothing to add to it.
    if (image === undefined && origin !== 'live') {
      return linkResult(change, { kind: 'gone' }, kpis, false);
    }
    tell({ image });
    // Whoever writes a row moves the token of the KPI that the row is of: so of two that came by different events one is refused.
    const images = image === undefined ? [row] : [row, image];
    const wider = distinctKpis([...kpis, ...images.filter((each) => each !== undefined).map(kpiKeyOf)]);
    if (wider.length > kpis.length) {
      kpis = wider;
      return undefined;
    }
    const spilledItemOf = new Map(spillers.map((kpi, at) => [kpiIdentity(kpi), spilledItems[at]]));
    const snapshots = await Promise.all(
      heads.map((head) => kpiSnapshot(replication, head, [spilledItemOf.get(kpiIdentity(head.kpi))])),
    );
    const stored = entry && decodeQuarantineEntry(entry);
    const decide = (demand: LinkDemand, form?: KeptForm) =>
      decideLinks([{ id: change.id, demand, row, quarantined: stored }], snapshots, {
        ...circumstancesOf(replication, origin),
        ...(form && { form }),
      });
    const demanded = (): Promise<LinkDemand> => answerLater(demandOfLink(image), replication.old);
    const isThrough = async (): Promise<boolean> => decide(await demanded()).changedIds.size === 0;
    const refused = await standingRefusal(refusal, (state) => sameState(state, { image }), isThrough);
    // A link that was refused as it is belongs in quarantine, whatever the mapping says of it.
    const demand = refused && image ? quarantined(reasonOfRefusal(refused), image) : await demanded();
    const writes =
      refused?.form === 'name' && demand.kind === 'quarantined'
        ? linkByName(replication, change.id, demand.reason, heads, stored, demand.image)
        : decide(demand, refused?.form).writes;
    if (writes.length > 0 && !(await replication.transactions.write(writes))) return undefined;
    const isRefused = refused !== undefined && demand.kind === 'quarantined';
    const refusedBy = isRefused && { refusal: refused.error };
    return { ...linkResult(change, demand, kpis, writes.length > 0), ...refusedBy };
  }
}

function sameState(left: LinkState, right: LinkState): boolean {
  return isSameRead(left.image, right.image);
}
