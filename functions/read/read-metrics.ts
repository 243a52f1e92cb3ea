import type { Purpose } from './shadow.ts';

/** What comparisons call a difference that was proven. */
const DIFFERENCES = ['invalid', 'missing', 'extra', 'different'];

const PURPOSES: readonly Purpose[] = ['shadow', 'sample', 'probe'];

const counted = (kinds: readonly string[]) => PURPOSES.flatMap((purpose) => kinds.map((kind) => `${purpose}.${kind}`));

/** The counts (functions/read/counters.ts) that each metric sums up. */
const COUNTS_OF = {
  NewSideErrors: ['answers.old.new-error', 'answers.old.new-time-out', ...counted(['new-error', 'new-time-out'])],
  WrongAnswers: ['answers.old.new-wrong', ...counted(DIFFERENCES)],
} as const;

/**
 * The metrics of reads, for the alarms of infra/observability.ts: reads in which the new side failed or was too slow, and those in
 * which it was wrong. Pure.
 *
 * @param counts what the router has counted since the last time.
 */
export function readMetricsOf(counts: Readonly<Record<string, number>>): Record<string, number> {
  const sumOf = (names: readonly string[]) => names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  return Object.fromEntries(Object.entries(COUNTS_OF).map(([name, names]) => [name, sumOf(names)]));
}
