import type { Examiner } from './examine-kpi.ts';
import { type Finding, findingKey } from './findings.ts';
import { type Look, lookAtAll, type Suspect } from './suspects.ts';
import { distinctUnexamined, type Unexamined } from './unexamined.ts';

/** How long a difference is watched before anything is said of it. */
export interface Patience {
  /** Milliseconds to the second look; the pauses grow from look to look. */
  readonly pauseMs: number;
  /** Milliseconds from the first look to the last: longer than the streams' usual lag. */
  readonly patienceMs: number;
  /** How far the streams may be behind, in milliseconds. Where that is more than the patience, nothing is proven. */
  readonly lagMs: () => Promise<number>;
  readonly nowMs: () => number;
  /** Resolves after `ms`; rejects as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly stop: AbortSignal;
  /** Findings after which no further suspect is looked at. */
  readonly findingsMax: number;
}

/** What is left of differences when patience ends. */
export interface Settled {
  /** Different at every look; neither side moved, and the streams have passed the first look. */
  readonly proven: readonly Finding[];
  /** Still different, and one side moved between looks, or may yet; `follows` where the new side has shown what the old one held before. */
  readonly inFlight: readonly (Finding & { readonly follows: boolean })[];
  readonly collisions: Look['collisions'];
  /** Suspects that were not looked at, because enough was found before. */
  readonly unopened: number;
  /** Rows of KPIs that were there or should have been, at the first look. */
  readonly rows: number;
  /** What could not be compared, at any look. */
  readonly unexamined: readonly Unexamined[];
}

/** What has been seen of a row that differs. */
interface Watched {
  last: Finding;
  moved: boolean;
  follows: boolean;
  readonly expectedDigests: Set<string>;
}

const PAUSE_GROWTH = 2;

/**
 * Looks at what differed at the first look again and again until it agrees or patience ends. What differs only later agreed then, as did all that
 * was not looked at again, so nothing more is asked of it: otherwise a service that never rests would keep every verdict open. A row that the service changes meanwhile differs
 * for as long as its change is under way; one that replication has forgotten differs, unmoved, to the end, and the streams have
 * nothing left from before the first look.
 */
export async function settle(examiner: Examiner, suspects: readonly Suspect[], patience: Patience): Promise<Settled> {
  const startMs = patience.nowMs();
  let look = await lookAtAll(examiner, suspects, patience);
  const collisions = [...look.values()].flatMap((each) => each.collisions);
  const unopened = suspects.length - look.size;
  const rows = [...look.values()].reduce((sum, each) => sum + each.rows, 0);
  const watched = new Map<string, Watched>();
  for (const [key, last] of oneEach([...look.values()].flatMap(({ findings }) => findings))) {
    watched.set(key, { last, moved: false, follows: false, expectedDigests: new Set([last.expectedDigest]) });
  }
  const unexamined = unexaminedIn(look);
  let pauseMs = patience.pauseMs;
  for (let at = 1; watched.size > 0; at += 1) {
    const leftMs = startMs + patience.patienceMs - patience.nowMs();
    // However long the first look took: nothing is proven by one look.
    if (leftMs <= 0 && at > 1) break;
    await patience.sleep(Math.min(pauseMs, Math.max(leftMs, patience.pauseMs)), patience.stop);
    pauseMs *= PAUSE_GROWTH;
    const isWatched = (finding: Finding): boolean => watched.has(findingKey(finding));
    const different = [...look].filter(([, { findings }]) => findings.some(isWatched)).map(([suspect]) => suspect);
    // As many as it takes: a row that was passed over would seem to agree.
    look = await lookAtAll(examiner, different, { ...patience, findingsMax: Number.POSITIVE_INFINITY });
    // What cannot be looked at again seems to agree; that it could not is told.
    unexamined.push(...unexaminedIn(look));
    lookAgain(watched, look);
  }
  // While a change made before the first look is still on its way, what has not moved may be waiting for just that.
  const lagMs = watched.size === 0 ? 0 : await patience.lagMs();
  const streamsPassed = patience.nowMs() - lagMs >= startMs;
  const proven: Finding[] = [];
  const inFlight: (Finding & { follows: boolean })[] = [];
  for (const { last, moved, follows } of watched.values()) {
    if (moved || !streamsPassed) inFlight.push({ ...last, follows });
    else proven.push(last);
  }
  return { proven, inFlight, collisions, unopened, rows, unexamined: distinctUnexamined(unexamined) };
}

function unexaminedIn(looks: ReadonlyMap<Suspect, Look>): Unexamined[] {
  return [...looks.values()].flatMap((look) => look.unexamined);
}

/** Takes a later look in: what agrees now is forgotten, what still differs is compared with the looks before. */
function lookAgain(watched: Map<string, Watched>, looks: ReadonlyMap<Suspect, Look>): void {
  const findings = oneEach([...looks.values()].flatMap((look) => look.findings));
  for (const [key, known] of watched) {
    const finding = findings.get(key);
    if (finding === undefined) {
      watched.delete(key);
      continue;
    }
    const foundMoved = finding.foundDigest !== known.last.foundDigest;
    if (foundMoved && known.expectedDigests.has(finding.foundDigest)) known.follows = true;
    known.moved ||= foundMoved || finding.expectedDigest !== known.last.expectedDigest;
    known.expectedDigests.add(finding.expectedDigest);
    known.last = finding;
  }
}

/** One finding a row: that of the KPI whose record demands it, where another KPI finds it surplus under one of its links. */
function oneEach(findings: readonly Finding[]): Map<string, Finding> {
  const byKey = new Map<string, Finding>();
  for (const finding of findings) {
    const known = byKey.get(findingKey(finding));
    if (known === undefined || known.kind === 'extra') byKey.set(findingKey(finding), finding);
  }
  return byKey;
}
