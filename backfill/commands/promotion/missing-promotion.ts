import type { PromotedStep } from '../../../functions/tables/control/promotions.ts';
import type { Evidence } from './evidence-bundle.ts';

/** What evidence has to fit. */
export interface Demands {
  readonly step: PromotedStep;
  /** The environment before. */
  readonly from: string;
  /** Of this environment's version. */
  readonly mappingHash: string;
  readonly ageMaxDays: number;
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;

/** What evidence lacks for a step, a sentence for each; empty if it lacks nothing. Pure. */
export function missingPromotion(evidence: Evidence, demands: Demands): string[] {
  const { from, mappingHash, ageMaxDays, nowMs, step } = demands;
  const { report } = evidence;
  const ageMs = nowMs - Date.parse(evidence.at);
  const checks: readonly (readonly [isMet: boolean, what: string])[] = [
    [evidence.environment === from, `It is the bundle of ${evidence.environment}, not of ${from}.`],
    // Written so that an age that is negative, or not a number, does not pass.
    [
      ageMs >= 0 && ageMs <= ageMaxDays * DAY_MS,
      `It was written at ${evidence.at}, not in the last ${ageMaxDays} days.`,
    ],
    [evidence.mappingHash === mappingHash, `${from} used another version of the mapping.`],
    [evidence.backfillFinishedAt !== undefined, `No backfill of ${from} has finished.`],
    [evidence.unfinished === 0, `${evidence.unfinished} items of ${from} are unfinished.`],
    [report?.verdict === 'agree', `The last validation of ${from} ${report ? `is ${report.verdict}` : 'is missing'}.`],
    [report === undefined || (report.coverage ?? 0) >= 1, `The last validation of ${from} did not cover everything.`],
    [
      report === undefined || report.mappingHash === mappingHash,
      `The last validation of ${from} used another version of the mapping.`,
    ],
    [step !== 'reads' || evidence.readsNewAt !== undefined, `${from} has never had all reads on the new tables.`],
  ];
  return checks.flatMap(([isMet, what]) => (isMet ? [] : [what]));
}
