import { smallestByHash } from '../model/digest.ts';
import { type KpiKey, SOURCES } from '../model/sources.ts';
import { Counts } from './counts.ts';
import { CLASS_OF, type Finding, isOfPhase, ROW_CLASSES } from './findings.ts';
import { BUCKETS, type SampledLinks } from './record-sides.ts';
import { type ScanOptions, scanSides } from './scan-sides.ts';
import { type Patience, type Settled, settle } from './settle.ts';
import { LISTED_MAX, type ScannedSides } from './sides.ts';
import type { Suspect } from './suspects.ts';
import { distinctUnexamined, type Unexamined } from './unexamined.ts';

export type ComparisonOptions = ScanOptions & Patience;

/** What the comparison of both sides came to. */
export interface Comparison {
  readonly proven: readonly Finding[];
  readonly inFlight: Settled['inFlight'];
  /** As the scans met them; an id that two record tables share counts for the one that has it. */
  readonly counts: Counts;
  /** Part of the key space whose rows were compared, 0 to 1. */
  readonly coverage: number;
  readonly bucketsDiffering: number;
  /** Buckets that differ and were not opened, because enough was proven before. */
  readonly bucketsUnopened: number;
  /** Rows of KpiData under no link, beyond those that were looked at. */
  readonly straysUnlisted: number;
  /** Quarantine was too large to be compared entry by entry. */
  readonly entriesUnchecked: boolean;
  /** Items, KPIs and rows that could not be compared, for a reason of their own. */
  readonly unexamined: readonly Unexamined[];
  readonly sampledLinks: SampledLinks;
  /** KPIs on whose rows the validator can prove itself. */
  readonly sampleKpis: readonly { readonly kpi: KpiKey; readonly linkIds: readonly string[] }[];
}

const SAMPLE_KPIS = 3;

/** KPIs that are looked at together, until what they show is settled. */
const SUSPECTS_AT_ONCE = 2_000;

/**
 * Compares both sides, every row, while both are written. Two scans give digests; only what differs is read row by row, and
 * again until it agrees, is proven different, or is in flight when patience ends.
 */
export async function compareSides(options: ComparisonOptions): Promise<Comparison> {
  const { phase } = options;
  const sides = await scanSides(options);
  const classes = phase === undefined ? ROW_CLASSES : [CLASS_OF[phase]];
  const differing = sides.differing(classes);
  const suspects = [...sides.suspectsIn(new Set(differing)), ...sides.strays()];
  const settled = await settleInParts(options, suspects);
  const entries = await settleQuarantine(options, sides, settled);
  const ofPhase = (finding: Finding): boolean => isOfPhase(finding, phase);
  const bucketsUnopened = Math.min(differing.length, settled.unopened);
  return {
    proven: [...settled.proven, ...(entries?.proven ?? [])].filter(ofPhase),
    inFlight: [...settled.inFlight, ...(entries?.inFlight ?? [])].filter(ofPhase),
    counts: withoutCollisions(sides, [...(entries?.collisions ?? []), ...settled.collisions]).of(classes),
    coverage: ((BUCKETS - bucketsUnopened) / BUCKETS) * (phase === undefined ? 1 : 1 / SOURCES.length),
    bucketsDiffering: differing.length,
    bucketsUnopened,
    straysUnlisted: phase === undefined ? sides.straysUnlisted : 0,
    entriesUnchecked: entries === undefined,
    unexamined: distinctUnexamined([...sides.unexamined, ...settled.unexamined, ...(entries?.unexamined ?? [])]),
    sampledLinks: sides.sampledLinks(),
    sampleKpis: smallestByHash([...sides.expectation.kpis()], SAMPLE_KPIS, ({ kpi }) => kpi.kpiId),
  };
}

/** Part after part, so that not more differences are held than can be told. */
async function settleInParts(options: ComparisonOptions, suspects: readonly Suspect[]): Promise<Settled> {
  const proven: Finding[] = [];
  const inFlight: Settled['inFlight'][number][] = [];
  const collisions: Settled['collisions'][number][] = [];
  const unexamined: Unexamined[] = [];
  let at = 0;
  let unopened = 0;
  let rows = 0;
  while (at < suspects.length && proven.length < options.findingsMax) {
    const part = await settle(options, suspects.slice(at, at + SUSPECTS_AT_ONCE), options);
    at += SUSPECTS_AT_ONCE;
    proven.push(...part.proven);
    inFlight.push(...part.inFlight);
    collisions.push(...part.collisions);
    unexamined.push(...part.unexamined);
    unopened += part.unopened;
    rows += part.rows;
  }
  return { proven, inFlight, collisions, rows, unexamined, unopened: unopened + Math.max(0, suspects.length - at) };
}

/** Quarantine's entries are compared by name; undefined where there are too many of them. */
async function settleQuarantine(
  options: ComparisonOptions,
  sides: ScannedSides,
  { collisions }: Settled,
): Promise<Settled | undefined> {
  if (sides.refused.length >= LISTED_MAX) return undefined;
  const refused = [...sides.refused, ...collisions.map((each) => ({ ...each, code: 'id-collision' }))];
  const suspects: Suspect[] = [];
  for (const source of options.phase === undefined ? SOURCES : [options.phase]) {
    const expected = new Map(refused.filter((each) => each.source === source).map(({ id, code }) => [id, code]));
    const kept = await options.reads.listQuarantine(source);
    for (const id of new Set([...expected.keys(), ...kept.keys()])) {
      if (expected.get(id) !== kept.get(id)) suspects.push({ kind: 'entry', source, id });
    }
  }
  return settle(options, suspects, options);
}

/** The scan takes a record whose id an earlier table has for one of its own: for one that has rows, or is held. */
function withoutCollisions(sides: ScannedSides, collisions: Settled['collisions']): Counts {
  const corrections = new Counts();
  // A KPI and the entry of its record may both have been looked at.
  for (const { source, kpi, rowsExpected, alsoPersonalLink } of new Map(
    collisions.map((each) => [`${each.source} ${each.id}`, each]),
  ).values()) {
    if (rowsExpected === 0) corrections.add('held', CLASS_OF[source], kpi.tenantId, -1);
    else corrections.add('expected', CLASS_OF[source], kpi.tenantId, -rowsExpected);
    if (alsoPersonalLink) corrections.add('expected', 'links', kpi.tenantId, -1);
    corrections.add('quarantined', CLASS_OF[source], kpi.tenantId);
  }
  return sides.counts.plus(corrections);
}
