import { NEW_DATA, TABLES } from '../migration/tables.ts';
import type { Verdict } from '../tables/control/validation-report.ts';

/** All that a verdict rests on. */
export interface Evidence {
  /** Why the comparison did not come to its end, in a sentence; absent where it did. */
  readonly failure?: string;
  readonly rowsCompared: number;
  /** Proven differences. */
  readonly differences: number;
  /** Rows that changed to the last, and of which the new side never showed what the old one held before. */
  readonly unsettled: number;
  readonly bucketsUnopened: number;
  readonly straysUnlisted: number;
  readonly entriesUnchecked: boolean;
  /** What could not be compared, each in a person's words. */
  readonly unexamined: readonly string[];
  readonly proof: { readonly planted: number; readonly missed: readonly string[] };
}

export interface Judgement {
  readonly verdict: Verdict;
  /** A sentence for each thing that keeps the verdict from `agree`. */
  readonly reasons: readonly string[];
}

/**
 * The verdict on the evidence. Doubt in the validator itself comes before all it found; a proven difference before all that could
 * not be looked at; and agreement is left where nothing else is to be said.
 */
export function judge(evidence: Evidence): Judgement {
  // What was found by then is half the truth, and doubts about the rest say nothing new.
  if (evidence.failure !== undefined) return { verdict: 'inconclusive', reasons: [evidence.failure] };
  const doubts = doubtsOfProof(evidence.proof);
  const proven = provenReasons(evidence);
  const open = openReasons(evidence);
  const reasons = [...doubts, ...proven, ...open];
  if (doubts.length > 0) return { verdict: 'inconclusive', reasons };
  if (proven.length > 0) return { verdict: 'disagree', reasons };
  return { verdict: open.length > 0 ? 'inconclusive' : 'agree', reasons };
}

function doubtsOfProof({ planted, missed }: Evidence['proof']): string[] {
  if (planted === 0) return ['The validator has not proved itself.'];
  return missed.map((name) => `The validator did not find a planted fault: ${name}.`);
}

function provenReasons({ differences, straysUnlisted }: Evidence): string[] {
  return [
    ...(differences > 0 ? [`${differences} rows differ.`] : []),
    ...(straysUnlisted > 0 ? [`${straysUnlisted} more rows of ${TABLES[NEW_DATA].title} are under no link.`] : []),
  ];
}

/** Items that a reason names; the report has more of them. */
const NAMED_MAX = 5;

function openReasons({ rowsCompared, unsettled, bucketsUnopened, entriesUnchecked, unexamined }: Evidence): string[] {
  const named = unexamined.slice(0, NAMED_MAX).join(', ') + (unexamined.length > NAMED_MAX ? ', …' : '');
  return [
    ...(rowsCompared === 0 ? ['There was no row to compare.'] : []),
    ...(unsettled > 0 ? [`${unsettled} rows kept changing, and the new side was not seen to follow.`] : []),
    ...(bucketsUnopened > 0 ? [`${bucketsUnopened} parts that differ were not looked into.`] : []),
    ...(unexamined.length > 0 ? [`${unexamined.length} items could not be examined: ${named}.`] : []),
    ...(entriesUnchecked ? ['Quarantine holds too many items to be compared one by one.'] : []),
  ];
}
