import { MigrationError, messageOf } from '../model/migration-error.ts';
import type { FlagAccess } from './access.ts';
import { type FlagState, readFlagState, readRollBack, startFlagDeployment, stopFlagDeployment } from './deployments.ts';
import { READS_OLD } from './document.ts';
import { SuspendedGuards } from './suspended-guards.ts';
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
 * It depends on nothing that the stack deploys. AppConfig asks a profile's validators for every deployment, so a gate
 * that is throttled, broken or deleted would refuse this one, too (AppConfig User Guide, "Understanding validators").
 * And an alarm in state ALARM may roll it back just when it is needed most: alarms "may prevent a roll forward from
 * progressing during an application emergency" (same guide, "Reverting a configuration"). Whatever stops the fallback is
 * suspended until it is complete.
 *
 * @throws MigrationError FALLBACK_INCOMPLETE, FLAG_UNGATED, FLAG_UNWATCHED
 */
export async function fallBack(access: FallbackAccess, options: FallbackOptions): Promise<Fallback> {
  const guards = new SuspendedGuards(access, options.note);
  try {
    return await deployUntilComplete(access, options, guards);
  } finally {
    await guards.restore();
  }
}

async function deployUntilComplete(
  access: FallbackAccess,
  options: FallbackOptions,
  guards: SuspendedGuards,
): Promise<Fallback> {
  const { client, ids } = access;
  const done: { stoppedDeployment?: number; deployment?: number } = {};
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const state = await readFlagState(client, ids);
    const { inProgress } = state;
    if (inProgress === undefined && state.deployed?.enabled === false) return done;
    try {
      if (inProgress === undefined) {
        if (done.deployment !== undefined && wasRolledBack(state, done)) {
          await suspendWhatRolledBack(access, done.deployment, guards);
        }
        const version = await createFlagVersion(client, ids, READS_OLD, await latestVersion(client, ids), options.by);
        done.deployment = await startDespiteGate(access, version, guards);
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
    nextStep: 'Run it again, or without AppConfig: kpi-migrate fallback --hard',
  });
}

function wasRolledBack({ last }: FlagState, { deployment }: Fallback): boolean {
  return deployment !== undefined && last?.number === deployment && last.state === 'ROLLED_BACK';
}

/** Suspends the alarms, or the gate where its refusal came late; both where AppConfig does not say which of them it was. */
async function suspendWhatRolledBack(
  { client, ids }: FallbackAccess,
  deployment: number,
  guards: SuspendedGuards,
): Promise<void> {
  // Whoever may fall back need not have the right to ask.
  const why = await readRollBack(client, ids, deployment).catch(() => undefined);
  const words = `AppConfig rolled it back${why ? `: ${why.description}` : ''}.`;
  if (why?.by !== 'appconfig') await guards.suspendAlarms(words);
  if (why?.by !== 'alarm') await guards.suspendGate(words);
}

/** Starts the deployment; if that fails, and the gate may be why, once more without asking it. */
async function startDespiteGate(
  { client, ids, strategyId }: FallbackAccess,
  version: number,
  guards: SuspendedGuards,
): Promise<number> {
  const start = async () => startFlagDeployment(client, ids, version, await strategyId('fallback'));
  try {
    return await start();
  } catch (error) {
    if (error instanceof FlagConflictError) throw error;
    // What a gate that cannot be asked is answered with is documented nowhere, so every failure may come of it.
    if (!(await guards.suspendGate(`AppConfig did not start the fallback: ${messageOf(error)}`))) throw error;
    return start();
  }
}

/**
 * Falls back if anyone reads the new tables or is about to, or if that cannot be told. Stage shadow stays as it is.
 *
 * @returns undefined if there was nothing to fall back from.
 * @throws MigrationError FALLBACK_INCOMPLETE, FLAG_UNGATED, FLAG_UNWATCHED
 */
export async function fallBackFromNew(access: FallbackAccess, options: FallbackOptions): Promise<Fallback | undefined> {
  const { deployed, inProgress } = await readFlagState(access.client, access.ids);
  const flags = [deployed, ...(inProgress ? [inProgress.flag] : [])];
  if (flags.every((flag) => flag !== undefined && !readsAnyNew(flag))) return undefined;
  return fallBack(access, options);
}
