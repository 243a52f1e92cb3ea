import type { Item } from '../../functions/model/attribute-value.ts';
import { expectedRows, type OldContent } from '../../functions/model/expected.ts';
import { type HeldRecords, SOURCES, type Source } from '../../functions/model/sources.ts';
import type { ValidationReads } from '../../functions/tables/validation-reads.ts';
import { type Comparison, type ComparisonOptions, compareSides } from '../../functions/validation/compare-sides.ts';
import type { Content } from '../../functions/validation/memory-reads.ts';

/** Options with no patience beyond a second look. */
export function comparisonOptions(reads: ValidationReads, changes: Partial<ComparisonOptions> = {}): ComparisonOptions {
  let nowMs = 0;
  return {
    reads,
    heldRecords: 'hold',
    segments: 2,
    checkpoints: { load: async () => undefined, save: async () => {} },
    checkpointMs: 1_000,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    pauseMs: 10,
    patienceMs: 10,
    findingsMax: 10_000,
    progress: { begin: () => {}, advance: () => {}, end: () => {} },
    stop: new AbortController().signal,
    ...changes,
  };
}

export function compare(reads: ValidationReads, changes: Partial<ComparisonOptions> = {}): Promise<Comparison> {
  return compareSides(comparisonOptions(reads, changes));
}

const byId = (items: readonly Item[]): Map<string, Item> =>
  new Map(items.map((item) => [(item.id as { S: string }).S, item]));

/** Old tables with the new ones just as the mapping has them. */
export function migrated(old: OldContent, heldRecords: HeldRecords = 'hold'): Content {
  const expected = expectedRows(old, heldRecords);
  const refusedOf = (source: Source) =>
    new Map(expected.quarantined.filter((each) => each.source === source).map(({ id, reason }) => [id, reason.code]));
  return {
    tables: {
      goalKpiLinks: byId(old.links),
      kpiMilestones: byId(old.milestones),
      kpiActuals: byId(old.actuals),
      kpiReadings: byId(old.readings),
      kpis: byId(old.kpis),
      people: byId(old.people),
      kpiLinks: expected.kpiLinks,
      kpiData: expected.kpiData,
    },
    quarantine: Object.fromEntries(
      SOURCES.map((source) => [source, refusedOf(source)]),
    ) as unknown as Content['quarantine'],
  };
}
