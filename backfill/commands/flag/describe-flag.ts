import type { FlagChange } from '../../../functions/flag/change.ts';
import type { FlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { type Blocker, describeBlocker } from '../../../functions/gate/missing-evidence.ts';

/** Who reads which tables under a flag, in words. */
export function whoReadsWhat(flag: FlagContent | undefined): string {
  if (flag === undefined) return 'the flag cannot be read, so all reads use the old tables';
  if (!flag.enabled) return 'all reads use the old tables';
  if (flag.stage === 'shadow') return 'all reads use the old tables, and some are compared with the new ones';
  const named = flag.tenants.length === 0 ? '' : ` and ${flag.tenants.join(', ')}`;
  const seconds = flag.lagBoundMs / 1_000;
  return `${flag.percent} % of tenants${named} read the new tables, except within ${seconds} s of their own writes`;
}

/** The state of the flag, as lines for a person. */
export function describeFlag({ deployed, inProgress, last }: FlagState): string[] {
  const lines = [`Reads: ${whoReadsWhat(deployed)}.`];
  if (inProgress) {
    const { number, state, percentageComplete, flag } = inProgress;
    lines.push(`Deployment ${number} is ${state} at ${percentageComplete} %: ${whoReadsWhat(flag)}.`);
  } else if (last && last.state !== 'COMPLETE') {
    lines.push(`The last deployment, ${last.number}, is ${last.state}.`);
  }
  return lines;
}

/** A planned change of the flag, and what the gate refuses of it. */
export function describeChange({ current, next, widening }: FlagChange, refusals: readonly Blocker[]): string[] {
  return [
    `Now: ${whoReadsWhat(current)}.`,
    `Then: ${whoReadsWhat(next)}.`,
    widening.length > 0 ? `This widens reads: ${widening.join('; ')}.` : 'This does not widen reads.',
    ...describeRefusals(refusals),
  ];
}

/** What the gate refuses, each reason on a line of its own. */
export function describeRefusals(refusals: readonly Blocker[]): string[] {
  return refusals.map((blocker) => `The gate refuses. ${describeBlocker(blocker)}`);
}
