import { MigrationError } from '../model/migration-error.ts';
import type { FlagAccess } from './access.ts';
import { type FlagState, readFlagState, startFlagDeployment, stopFlagDeployment } from './deployments.ts';
import { READS_OLD } from './document.ts';
import type { FlagIds } from './ids.ts';
import { type Monitor, readMonitors, writeMonitors } from './monitors.ts';
import { createFlagVersion, FlagConflictError, latestVersion } from './versions.ts';
import { readsAnyNew } from './widening.ts';

/** The flag, as far as a fallback needs it. */
export type FallbackAccess = FlagAccess<'fallback'>;

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
 * The alarms that the environment watches may take back this very deployment while they ring, which is when it is needed most (AppConfig User
 * Guide, "Reverting a configuration": they "may prevent a roll forward from progressing during an application emergency"). Where that happens the
 * environment watches none until the fallback is through.
 *
 * @throws MigrationError FALLBACK_INCOMPLETE, FLAG_UNWATCHED
 */
export async function fallBack(access: FallbackAccess, options: FallbackOptions): Promise<Fallback> {
  const monitors: Monitor[] = [];
  try {
    return await deployUntilThrough(access, options, monitors);
  } finally {
    if (monitors.length > 0) await watchAgain(access, monitors);
  }
}

/** @param taken the alarms that the environment watched until they stood in the way. */
async function deployUntilThrough(
  { client, ids, strategyId }: FallbackAccess,
  options: FallbackOptions,
  taken: Monitor[],
): Promise<Fallback> {
  const done: { stoppedDeployment?: number; deployment?: number } = {};
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const state = await readFlagState(client, ids);
    const { inProgress } = state;
    if (inProgress === undefined && state.deployed?.enabled === false) return done;
    try {
      if (inProgress === undefined) {
        if (isTakenBack(state, done)) taken.push(...(await takeMonitors(client, ids, options.note)));
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

function isTakenBack({ last }: FlagState, { deployment }: Fallback): boolean {
  return deployment !== undefined && last?.number === deployment && last.state === 'ROLLED_BACK';
}

async function takeMonitors(
  client: FallbackAccess['client'],
  ids: FlagIds,
  note: FallbackOptions['note'],
): Promise<readonly Monitor[]> {
  const monitors = await readMonitors(client, ids);
  if (monitors.length === 0) return [];
  note(`An alarm took it back. Until it is through, these are not watched: ${namesOf(monitors)}`);
  await writeMonitors(client, ids, []);
  return monitors;
}

async function watchAgain({ client, ids }: FallbackAccess, monitors: readonly Monitor[]): Promise<void> {
  try {
    await writeMonitors(client, ids, monitors);
  } catch (cause) {
    throw new MigrationError('FLAG_UNWATCHED', `The read flag's environment no longer watches ${namesOf(monitors)}.`, {
      cause,
      nextStep: 'Put these alarms back on it in the AppConfig console. Then: kpi-migrate status',
    });
  }
}

function namesOf(monitors: readonly Monitor[]): string {
  return monitors.map(({ AlarmArn }) => AlarmArn).join(', ');
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
