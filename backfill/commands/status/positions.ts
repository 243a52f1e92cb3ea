import type { FlagContent } from '../../../functions/flag/document.ts';
import { type NextStep, nextStep } from '../../next-step.ts';
import type { JourneyFacts, Position, State, Step } from './journey-facts.ts';

/** A position; `words` are those of the next command. */
export function position(
  facts: Pick<JourneyFacts, 'environment'>,
  [state, step, says]: readonly [State, Step, string],
  words: readonly string[],
  why: string,
  since?: string,
): Position {
  return at(state, step, says, nextStep(facts.environment, words, why), since);
}

/** A position whose next command is given whole. */
export function at(state: State, step: Step, says: string, next: NextStep, since?: string): Position {
  return { state, step, says, next, waits: false, ...(since !== undefined && { since }) };
}

/** A position in which there is nothing to do but to wait. */
export function waiting(
  facts: Pick<JourneyFacts, 'environment'>,
  where: readonly [State, Step, string],
  why: string,
  since?: string,
): Position {
  return { ...position(facts, where, ['status', '--wait'], why, since), waits: true };
}

/** The deployment of the stack, which is the CDK's. */
export function deploy(environment: string, why: string): NextStep {
  return { command: `npx cdk deploy --all -c environment=${environment}`, why };
}

/** The step that a flag belongs to. */
export function stepOf(flag: FlagContent | undefined): Step {
  if (!flag?.enabled) return 'validate';
  if (flag.stage === 'shadow') return 'shadow';
  return flag.percent >= 100 ? 'new 100 %' : flag.percent >= 10 ? 'new 10 %' : 'new 1 %';
}

/** Whether the first of two instants is known, and later than the second. */
export function isAfter(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && Date.parse(one) > Date.parse(other);
}
