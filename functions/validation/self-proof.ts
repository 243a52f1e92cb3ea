import { byServiceTable, expectedRows, type OldContent } from '../migration/expected.ts';
import { GOLDEN_CONTENT } from '../migration/golden-content.ts';
import { bySource, type Source } from '../migration/sources.ts';
import { NEW_DATA, NEW_LINKS } from '../migration/tables.ts';
import { type Item, textOf } from '../model/attribute-value.ts';
import type { HeldRecords } from '../model/kpi.ts';
import { type Comparison, compareSides } from './compare-sides.ts';
import { findingKey } from './findings.ts';
import { type Content, memoryReads } from './memory-reads.ts';
import { type PlantedFault, plantedFaults, type Sought } from './planted-faults.ts';

/** How a validator did on faults that it was given to find. */
export interface SelfProof {
  readonly planted: number;
  /** The names of those that it did not find, or named wrongly. */
  readonly missed: readonly string[];
}

/**
 * Lets the very comparison that judges the tables look for planted faults, over made-up rows that give occasion for every kind,
 * and over a sample of the rows it has just read. The faults are laid over copies in memory; no table is read for it, and
 * none is written.
 *
 * @param compare the comparison that is on trial.
 */
export async function proveItself(
  heldRecords: HeldRecords,
  sample: Content,
  stop: AbortSignal,
  compare: typeof compareSides = compareSides,
): Promise<SelfProof> {
  let planted = 0;
  const missed: string[] = [];
  const trials = [
    { of: 'made-up rows', content: migratedContent(GOLDEN_CONTENT, heldRecords) },
    { of: 'a sample', content: sample },
  ];
  for (const { of, content } of trials) {
    const run = (each: Content): Promise<Comparison> =>
      compare({ ...AT_ONCE, reads: memoryReads(each), heldRecords, stop });
    const before = new Set((await run(content)).proven.map(findingKey));
    for (const fault of plantedFaults(content, (table, id) => !before.has(findingKey({ table, id })))) {
      planted += 1;
      if (!isFound(fault, await run(fault.content))) missed.push(`${fault.name} (${of})`);
    }
  }
  return { planted, missed };
}

/** Nothing moves in memory, so a second look right after the first proves as much as a late one. */
const AT_ONCE = {
  segments: 1,
  pauseMs: 0,
  patienceMs: 0,
  findingsMax: Number.POSITIVE_INFINITY,
  nowMs: () => 0,
  lagMs: async () => 0,
  sleep: async () => {},
  checkpoints: { load: async () => undefined, save: async () => {} },
  checkpointMs: Number.POSITIVE_INFINITY,
  progress: { begin: () => {}, advance: () => {}, end: () => {} },
};

function isFound(fault: PlantedFault, { proven }: Comparison): boolean {
  const matches = (sought: Sought): boolean =>
    proven.some(
      (finding) =>
        finding.table === sought.table &&
        finding.id === sought.id &&
        finding.kind === sought.kind &&
        (sought.attribute === undefined || finding.differences.some((each) => each.attribute === sought.attribute)) &&
        (sought.orphan === undefined || finding.orphan === sought.orphan),
    );
  return fault.sought.every(matches);
}

/** Old tables with the new ones, and quarantine, just as the mapping has them. */
export function migratedContent(old: OldContent, heldRecords: HeldRecords): Content {
  const expected = expectedRows(old, heldRecords);
  const refusedOf = (source: Source) =>
    new Map(expected.quarantined.filter((each) => each.source === source).map(({ id, reason }) => [id, reason.code]));
  return {
    tables: {
      ...byServiceTable(old, byId),
      [NEW_LINKS]: expected[NEW_LINKS],
      [NEW_DATA]: expected[NEW_DATA],
    },
    quarantine: bySource(refusedOf),
  };
}

function byId(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [textOf(item, 'id') ?? '', item]));
}
