import type { Purpose } from './shadow.ts';

/** The counts of proven differences. */
const DIFFERENCES = ['invalid', 'missing', 'extra', 'different'];

const PURPOSES: readonly Purpose[] = ['shadow', 'sample', 'probe'];

const counted = (kinds: readonly string[]) => PURPOSES.flatMap((purpose) => kinds.map((kind) => `${purpose}.${kind}`));

/** The router's counts that each metric adds up. */
const COUNTS_OF = {
  NewSideErrors: ['answers.old.new-error', 'answers.old.new-time-out', ...counted(['new-error', 'new-time-out'])],
  WrongAnswers: ['answers.old.new-wrong', ...counted(DIFFERENCES)],
} as const;

/**
 * The metrics of reads that the alarms in infra/observability.ts watch: how often the new side failed or was too slow,
 * and how often it was wrong. Pure.
 *
 * @param counts the router's counts since the last call.
 */
export function readMetricsOf(counts: Readonly<Record<string, number>>): Record<string, number> {
  const sumOf = (names: readonly string[]) => names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  return Object.fromEntries(Object.entries(COUNTS_OF).map(([name, names]) => [name, sumOf(names)]));
}
