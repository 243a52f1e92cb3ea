import { MigrationError } from '../model/migration-error.ts';
import {
  type connectFlag,
  createFlagVersion,
  FlagConflictError,
  latestVersion,
  readFlagState,
  startFlagDeployment,
  stopFlagDeployment,
} from './flag-deployments.ts';
import { READS_OLD } from './flag-document.ts';
import type { FlagIds } from './flag-ids.ts';
import { readsAnyNew } from './widening.ts';

/** The flag, as far as a fallback needs it. */
export interface FallbackAccess {
  readonly client: ReturnType<typeof connectFlag>;
  readonly ids: FlagIds;
  /** AppConfig's id of the strategy that makes a change at once. */
  readonly strategyId: (strategy: 'fallback') => Promise<string>;
}

/** What a fallback did. */
export interface Fallback {
  /** The deployment that was stopped; absent where none was in progress. */
  readonly stoppedDeployment?: number;
  /** The deployment that disabled the flag; absent where it was disabled and nothing was in progress. */
  readonly deployment?: number;
}

export interface FallbackOptions {
  readonly by: string;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly note: (message: string) => void;
}

const PAUSE_MS = 500;
/** Rounds in which others may get in between, or AppConfig may still be rolling back. */
const ATTEMPTS_MAX = 120;

/**
 * Puts all reads on the old tables at once: stops a deployment in progress, deploys the disabled flag, waits until that is complete. Asks
 * nothing of the control table, the validators or the new tables, and does not give way to another operator.
 *
 * @throws MigrationError FALLBACK_INCOMPLETE
 */
export async function fallBack(
  { client, ids, strategyId }: FallbackAccess,
  options: FallbackOptions,
): Promise<Fallback> {
  const done: { stoppedDeployment?: number; deployment?: number } = {};
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const state = await readFlagState(client, ids);
    const { inProgress } = state;
    if (inProgress === undefined && state.deployed?.enabled === false) return done;
    try {
      if (inProgress === undefined) {
        const version = await createFlagVersion(client, ids, READS_OLD, await latestVersion(client, ids), options.by);
        done.deployment = await startFlagDeployment(client, ids, version, await strategyId('fallback'));
        options.note(`Deployment ${done.deployment} puts all reads on the old tables.`);
        continue;
      }
      if (inProgress.flag?.enabled !== false && inProgress.state !== 'ROLLING_BACK') {
        await stopFlagDeployment(client, ids, inProgress.number);
        done.stoppedDeployment = inProgress.number;
        options.note(`Deployment ${inProgress.number} is stopped.`);
      }
    } catch (error) {
      // Another operator was faster; what they did is looked at in the next round.
      if (!(error instanceof FlagConflictError)) throw error;
    }
    await options.sleep(PAUSE_MS);
  }
  throw new MigrationError('FALLBACK_INCOMPLETE', 'AppConfig has not completed the fallback.', {
    retryable: true,
    nextStep: 'Run it again: kpi-migrate fallback',
  });
}

/**
 * Falls back where the new side answers anyone or is about to, or where it cannot be told. Reads that are only compared go on as they are.
 *
 * @returns undefined where there was nothing to fall back from.
 * @throws MigrationError FALLBACK_INCOMPLETE
 */
export async function fallBackFromNew(access: FallbackAccess, options: FallbackOptions): Promise<Fallback | undefined> {
  const { deployed, inProgress } = await readFlagState(access.client, access.ids);
  const flags = [deployed, ...(inProgress ? [inProgress.flag] : [])];
  if (flags.every((flag) => flag !== undefined && !readsAnyNew(flag))) return undefined;
  return fallBack(access, options);
}
