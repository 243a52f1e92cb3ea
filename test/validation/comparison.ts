import type { ValidationReads } from '../../functions/tables/validation-reads.ts';
import { type Comparison, type ComparisonOptions, compareSides } from '../../functions/validation/compare-sides.ts';

/** Options with no patience beyond a second look. */
export function comparisonOptions(reads: ValidationReads, changes: Partial<ComparisonOptions> = {}): ComparisonOptions {
  let nowMs = 0;
  return {
    reads,
    heldRecords: 'hold',
    segments: 2,
    checkpoints: { load: async () => undefined, save: async () => {} },
    checkpointMs: 1_000,
    lagMs: async () => 0,
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
