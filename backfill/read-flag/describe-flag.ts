import type { FlagState } from '../../functions/flag/deployments.ts';
import type { FlagContent } from '../../functions/flag/document.ts';

/** Who reads what under a flag, in words. */
export function whoReadsWhat(flag: FlagContent | undefined): string {
  if (flag === undefined) return 'cannot be read, so that all reads get the old tables';
  if (!flag.enabled) return 'all reads get the old tables';
  if (flag.stage === 'shadow')
    return 'all reads get the old tables, and some are compared with the new ones behind the answer';
  const named = flag.tenants.length === 0 ? '' : ` and ${flag.tenants.join(', ')}`;
  const fresh = flag.lagBoundMs / 1_000;
  return `${flag.percent} % of tenants${named} read the new tables, but not within ${fresh} s of a write of their own`;
}

/** The state of the flag as lines for a person. */
export function describeFlag({ deployed, inProgress, last }: FlagState): string[] {
  return [
    `Reads: ${whoReadsWhat(deployed)}.`,
    ...(inProgress
      ? [
          `Deployment ${inProgress.number} is ${inProgress.state}, at ${inProgress.percentageComplete} %: ${whoReadsWhat(inProgress.flag)}.`,
        ]
      : last && last.state !== 'COMPLETE'
        ? [`The last deployment, ${last.number}, is ${last.state}.`]
        : []),
  ];
}
