import { fork } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LocalCloud } from '../../backfill/local/local-cloud.ts';
import { localClientEnvironment } from '../../backfill/local/local-endpoint.ts';
import { PASSES } from '../../backfill/run-state.ts';
import type { Settings } from '../../infra/settings.ts';
import type { BackfillMessage } from './backfill-process.ts';
import type { BackfillKill } from './run-plan.ts';

const PROCESS = fileURLToPath(new URL('backfill-process.ts', import.meta.url));

/** Failures after which an operator runs the same command again: the machine was too busy to renew the lease. */
const RUN_AGAIN = ['LEASE_LOST'];

export interface BackfillStory {
  readonly kills: number;
  readonly starts: number;
}

/**
 * Runs the backfill in a process of its own as often as it takes: killed once a planned kill, and then left to finish.
 *
 * @param onBegun called at each start, when the process has the lease and begins to copy.
 * @throws what the backfill failed of.
 */
export async function killedBackfill(
  cloud: LocalCloud,
  settings: Settings,
  kills: readonly BackfillKill[],
  onBegun: () => void,
  note: (message: string) => void,
): Promise<BackfillStory> {
  const story = { kills: 0, starts: 0 };
  for (const kill of [...kills, undefined]) {
    for (;;) {
      story.starts += 1;
      const end = await runOnce(cloud, settings, kill, onBegun);
      if (end.killed) story.kills += 1;
      note(`backfill ${end.killed ? `killed in ${kill?.pass} or later` : (end.failed ?? 'finished')}`);
      if (end.failed === undefined) break;
      if (!RUN_AGAIN.includes(end.failed)) throw new Error(`The backfill failed: ${end.failed}\n${end.told}`);
    }
  }
  return story;
}

interface BackfillEnd {
  readonly killed: boolean;
  /** Code of the error; absent where it finished or was killed. */
  readonly failed?: string;
  readonly told: string;
}

async function runOnce(
  cloud: LocalCloud,
  settings: Settings,
  kill: BackfillKill | undefined,
  onBegun: () => void,
): Promise<BackfillEnd> {
  const child = fork(PROCESS, [JSON.stringify(settings)], {
    env: { ...process.env, ...localClientEnvironment(cloud.dynamodbUrl) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const told = child.stderr ? text(child.stderr) : Promise.resolve('');
  let failed: string | undefined;
  let begun = false;
  let due = kill;
  child.on('message', async (message: BackfillMessage) => {
    if ('failed' in message) {
      failed = message.failed;
      return;
    }
    if (!begun) onBegun();
    begun = true;
    if (due === undefined || PASSES.indexOf(message.begun) < PASSES.indexOf(due.pass)) return;
    const { afterMs } = due;
    due = undefined;
    await sleep(afterMs);
    child.kill('SIGKILL');
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const killed = exitCode === null;
  if (!killed && exitCode !== 0) failed ??= 'UNKNOWN';
  return { killed, ...(failed !== undefined && !killed && { failed }), told: await told };
}
