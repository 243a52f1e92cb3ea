import type { FlagState } from '../../../functions/flag/deployments.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { whoReadsWhat } from '../flag/describe-flag.ts';

/**
 * How long a deployment that the gate has just let through may take to be listed. AppConfig, and its local stand-in, give
 * the gate 15 seconds (AppConfig User Guide, "Understanding validators"); as much again for the deployment to show.
 */
export const DEPLOYMENT_SHOWS_MS = 30_000;

/**
 * How long readers may follow the flag of before: they poll it every 15 seconds (functions/flag/client.ts), and one that missed
 * a poll comes again.
 */
export const READERS_FOLLOW_MS = 60_000;

/**
 * @throws MigrationError `READS_NOT_OLD` unless the disabled flag is deployed and nothing else is on its way; shadow reads count as reads,
 * since what they compare would be going.
 */
export function requireReadsOld({ deployed, inProgress }: FlagState): void {
  const said =
    inProgress !== undefined
      ? `Deployment ${inProgress.number} of the read flag is ${inProgress.state}.`
      : deployed?.enabled === false
        ? undefined
        : `The read flag is not disabled: ${whoReadsWhat(deployed)}.`;
  if (said === undefined) return;
  throw new MigrationError('READS_NOT_OLD', `${said} Only new tables that nobody reads can be cleared.`, {
    nextStep: 'Put all reads on the old tables: kpi-migrate fallback. Then run the same command again.',
  });
}

/** Milliseconds until every reader has seen the deployed flag: from when it was, where AppConfig says; else from now. Pure. */
export function readersFollowInMs({ last }: FlagState, nowMs: number): number {
  if (last === undefined) return 0;
  const sinceMs = last.completedAt === undefined ? nowMs : Date.parse(last.completedAt);
  return Math.min(Math.max(0, sinceMs + READERS_FOLLOW_MS - nowMs), READERS_FOLLOW_MS);
}
