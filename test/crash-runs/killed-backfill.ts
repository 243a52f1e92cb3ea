import { type ChildProcess, fork } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PASSES, type Pass } from '../../backfill/copy/run-state.ts';
import type { LocalCloud } from '../../backfill/local/cloud/local-cloud.ts';
import { localClientEnvironment } from '../../backfill/local-endpoint.ts';
import type { Settings } from '../../infra/settings.ts';
import type { BackfillMessage } from './backfill-process.ts';
import type { BackfillBlow, BackfillBlows } from './run-plan.ts';

const PROCESS = fileURLToPath(new URL('backfill-process.ts', import.meta.url));

/** Failures after which an operator runs the same command again: the machine was too busy to renew the lease. */
const RUN_AGAIN = ['LEASE_LOST'];

const LONG_LEASE_SECONDS = 30;
/** Well below that lease's time without its reserve. */
const STOPPED_MS_MOST = 15_000;

/** The service beside the backfill. */
export interface Service {
  readonly burst: () => Promise<void>;
  /** Resolves when all that is on the streams has been delivered. */
  readonly drained: () => Promise<void>;
}

export interface BackfillStory {
  readonly kills: number;
  readonly stops: number;
  readonly starts: number;
}

/**
 * Runs the backfill in a process of its own as often as it takes: stopped and killed as planned, and at last left to finish.
 *
 * @param service makes a burst of writes when a process begins to copy, and when one is stopped: they do most harm then.
 * @throws what the backfill failed of.
 */
export async function killedBackfill(
  cloud: LocalCloud,
  settings: Settings,
  planned: readonly BackfillBlows[],
  service: Service,
  note: (message: string) => void,
): Promise<BackfillStory> {
  const story = { kills: 0, stops: 0, starts: 0 };
  for (const blows of planned) {
    for (let { stop, kill } = blows; ; stop = undefined) {
      story.starts += 1;
      const end = await runOnce(cloud, settings, { ...(stop && { stop }), ...(kill && { kill }) }, service);
      if (end.killed) story.kills += 1;
      if (end.stopped) story.stops += 1;
      const stopped = end.stopped
        ? `stopped ${stop?.forMs === undefined ? 'until all was delivered' : `for ${stop.forMs} ms`}, `
        : '';
      note(`backfill ${stopped}${end.killed ? `killed in ${kill?.pass} or later` : (end.failed ?? 'finished')}`);
      if (end.failed === undefined) break;
      if (!RUN_AGAIN.includes(end.failed)) throw new Error(`The backfill failed: ${end.failed}\n${end.told}`);
    }
  }
  return story;
}

interface BackfillEnd {
  readonly killed: boolean;
  readonly stopped: boolean;
  /** Code of the error; absent where it finished or was killed. */
  readonly failed?: string;
  readonly told: string;
}

async function runOnce(
  cloud: LocalCloud,
  settings: Settings,
  { stop, kill }: BackfillBlows,
  { burst, drained }: Service,
): Promise<BackfillEnd> {
  const child = fork(PROCESS, [JSON.stringify(stop && stop.forMs === undefined ? withLongLease(settings) : settings)], {
    env: { ...process.env, ...localClientEnvironment(cloud.dynamodbUrl) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const told = child.stderr ? text(child.stderr) : Promise.resolve('');
  let failed: string | undefined;
  let stopped = false;
  const bursts: Promise<void>[] = [];
  child.once('message', () => bursts.push(burst()));
  child.on('message', (message: BackfillMessage) => {
    if ('failed' in message) failed = message.failed;
  });
  const strike = async (blow: BackfillBlow, at: () => Promise<void> | void): Promise<void> => {
    await passBegun(child, blow.pass);
    await sleep(blow.afterMs);
    if (child.exitCode === null && child.signalCode === null) await at();
  };
  const blows = [
    stop &&
      strike(stop, async () => {
        stopped = true;
        child.kill('SIGSTOP');
        await burst();
        await (stop.forMs === undefined ? Promise.race([drained(), sleep(STOPPED_MS_MOST)]) : sleep(stop.forMs));
        child.kill('SIGCONT');
      }),
    kill && strike(kill, () => void child.kill('SIGKILL')),
  ];
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  await Promise.all([...blows, ...bursts]);
  const killed = exitCode === null;
  if (!killed && exitCode !== 0) failed ??= 'UNKNOWN';
  return { killed, stopped, ...(failed !== undefined && !killed && { failed }), told: await told };
}

/** Outlasts the stop: a copier whose lease ran out writes nothing of what it has read. */
function withLongLease(settings: Settings): Settings {
  return { ...settings, backfill: { ...settings.backfill, leaseSeconds: LONG_LEASE_SECONDS } };
}

/** Resolves when the process begins this pass or a later one, or has ended. */
function passBegun(child: ChildProcess, pass: Pass): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message: BackfillMessage) => {
      if ('begun' in message && PASSES.indexOf(message.begun) >= PASSES.indexOf(pass)) resolve();
    });
    child.once('exit', () => resolve());
  });
}
