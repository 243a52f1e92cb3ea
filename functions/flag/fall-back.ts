import { MigrationError } from '../model/migration-error.ts';
import type { FlagAccess } from './access.ts';
import { type FlagState, readFlagState, startFlagDeployment, stopFlagDeployment } from './deployments.ts';
import { READS_OLD } from './document.ts';
import { type Monitor, readMonitors, writeMonitors } from './monitors.ts';
import { createFlagVersion, FlagConflictError, latestVersion } from './versions.ts';
import { readsAnyNew } from './widening.ts';

/** The access that a fallback needs. */
export type FallbackAccess = FlagAccess<'fallback'>;

/** What a fallback did. */
export interface Fallback {
  /** The deployment that it stopped; absent if none was in progress. */
  readonly stoppedDeployment?: number;
  /** The deployment that disabled the flag; absent if the flag was disabled already and nothing was in progress. */
  readonly deployment?: number;
}

export interface FallbackOptions {
  readonly by: string;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly note: (message: string) => void;
}

const PAUSE_MS = 500;
/** Rounds in which another operator may interfere, or AppConfig may still be rolling back. */
const ATTEMPTS_MAX = 120;

/**
 * Puts all reads on the old tables at once: stops a deployment in progress, deploys the disabled flag, and waits until
 * that is complete. It reads neither the control table nor the new tables, and does not give way to another operator.
 *
 * An alarm in state ALARM may roll back this very deployment, just when it is needed most: alarms "may prevent a roll
 * forward from progressing during an application emergency" (AppConfig User Guide, "Reverting a configuration"). If
 * that happens, the environment watches no alarms until the fallback is complete.
 *
 * @throws MigrationError FALLBACK_INCOMPLETE, FLAG_UNWATCHED
 */
export async function fallBack(access: FallbackAccess, options: FallbackOptions): Promise<Fallback> {
  const removed: Monitor[] = [];
  try {
    return await deployUntilComplete(access, options, removed);
  } finally {
    if (removed.length > 0) await restoreMonitors(access, removed);
  }
}

/** @param removed collects the alarms that the environment stops watching. */
async function deployUntilComplete(
  access: FallbackAccess,
  options: FallbackOptions,
  removed: Monitor[],
): Promise<Fallback> {
  const { client, ids, strategyId } = access;
  const done: { stoppedDeployment?: number; deployment?: number } = {};
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const state = await readFlagState(client, ids);
    const { inProgress } = state;
    if (inProgress === undefined && state.deployed?.enabled === false) return done;
    try {
      if (inProgress === undefined) {
        if (wasRolledBack(state, done)) removed.push(...(await removeMonitors(access, options.note)));
        const version = await createFlagVersion(client, ids, READS_OLD, await latestVersion(client, ids), options.by);
        done.deployment = await startFlagDeployment(client, ids, version, await strategyId('fallback'));
        options.note(`Deployment ${done.deployment} puts all reads on the old tables.`);
        continue;
      }
      if (inProgress.flag?.enabled !== false && inProgress.state !== 'ROLLING_BACK') {
        await stopFlagDeployment(client, ids, inProgress.number);
        done.stoppedDeployment = inProgress.number;
        options.note(`Stopped deployment ${inProgress.number}.`);
      }
    } catch (error) {
      // Another operator was faster. The next round looks at what they did.
      if (!(error instanceof FlagConflictError)) throw error;
    }
    await options.sleep(PAUSE_MS);
  }
  throw new MigrationError('FALLBACK_INCOMPLETE', 'AppConfig has not completed the fallback.', {
    nextStep: 'Run it again: kpi-migrate fallback',
  });
}

function wasRolledBack({ last }: FlagState, { deployment }: Fallback): boolean {
  return deployment !== undefined && last?.number === deployment && last.state === 'ROLLED_BACK';
}

async function removeMonitors(
  { client, ids }: FallbackAccess,
  note: FallbackOptions['note'],
): Promise<readonly Monitor[]> {
  const monitors = await readMonitors(client, ids);
  if (monitors.length === 0) return [];
  note(`An alarm rolled it back. Until the fallback is complete, AppConfig does not watch ${namesOf(monitors)}.`);
  await writeMonitors(client, ids, []);
  return monitors;
}

async function restoreMonitors({ client, ids }: FallbackAccess, monitors: readonly Monitor[]): Promise<void> {
  try {
    await writeMonitors(client, ids, monitors);
  } catch (cause) {
    const message = `The read flag's environment no longer watches ${namesOf(monitors)}.`;
    throw new MigrationError('FLAG_UNWATCHED', message, {
      cause,
      nextStep: 'Add these alarms to it again in the AppConfig console. Then: kpi-migrate status',
    });
  }
}

function namesOf(monitors: readonly Monitor[]): string {
  return monitors.map(({ AlarmArn }) => AlarmArn).join(', ');
}

/**
 * Falls back if anyone reads the new tables or is about to, or if that cannot be told. Stage shadow stays as it is.
 *
 * @returns undefined if there was nothing to fall back from.
 * @throws MigrationError FALLBACK_INCOMPLETE, FLAG_UNWATCHED
 */
export async function fallBackFromNew(access: FallbackAccess, options: FallbackOptions): Promise<Fallback | undefined> {
  const { deployed, inProgress } = await readFlagState(access.client, access.ids);
  const flags = [deployed, ...(inProgress ? [inProgress.flag] : [])];
  if (flags.every((flag) => flag !== undefined && !readsAnyNew(flag))) return undefined;
  return fallBack(access, options);
}
