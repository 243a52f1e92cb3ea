import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { programFile } from '../../../infra/package-layout.ts';
import { EXIT } from '../../outcome.ts';
import type { LocalCloud } from '../cloud/local-cloud.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Milliseconds between two kills of the functions, at least and at most. */
const KILL_PAUSE_MS = { least: 500, most: 2_500 } as const;

/** How often the backfill is killed before it is left to finish. */
const BACKFILL_KILLS = 2;

/** How often it may stop by itself for a reason that passes. */
const STOPS_MAX = 5;

/**
 * Kills all processes of the functions, at random, as a machine that is lost does. What has got nowhere since the last time is let go on: on a busy machine nothing would ever
 * come to its end, and each record would be given up in the end, which is no fault of the functions.
 */
export async function killFunctions(
  cloud: LocalCloud,
  random: SeededRandom,
  end: AbortSignal,
  note: (message: string) => void,
): Promise<void> {
  let kills = 0;
  let recordsBefore = -1;
  while (!end.aborted) {
    const pauseMs = KILL_PAUSE_MS.least + random.below(KILL_PAUSE_MS.most - KILL_PAUSE_MS.least);
    await sleep(pauseMs, undefined, { signal: end }).catch(ignoreAbort);
    if (end.aborted) break;
    const { records } = cloud.mappings.counters();
    if (records === recordsBefore) continue;
    recordsBefore = records;
    cloud.functions.killAll('SIGKILL');
    kills += 1;
  }
  note(`The functions were killed ${kills} times.`);
}

/** Runs the backfill as an operator does, kills it in its midst, and runs it again until it is finished, also where it asks for that. */
export async function killedBackfill(
  cloud: LocalCloud,
  random: SeededRandom,
  note: (message: string) => void,
): Promise<void> {
  let kills = 0;
  for (let stops = 0; ; ) {
    const killAfterMs = kills < BACKFILL_KILLS ? 1_000 + random.below(3_000) : undefined;
    const { exitCode, told } = await runBackfillProcess(cloud, killAfterMs);
    if (exitCode === EXIT.done) return;
    if (exitCode === EXIT.stopped && stops < STOPS_MAX) {
      stops += 1;
      note(`The backfill stopped before the end and is restarted: ${told.trim().split('\n').at(-1)}`);
      continue;
    }
    if (exitCode !== null) {
      throw new MigrationError('BACKFILL_FAILED', `The backfill ended with exit code ${exitCode}.`, {
        cause: new Error(told),
      });
    }
    kills += 1;
    note(`The backfill was killed ${killAfterMs} ms after its start and is restarted.`);
  }
}

/** The exit code is null where the process was killed. */
function runBackfillProcess(
  cloud: LocalCloud,
  killAfterMs: number | undefined,
): Promise<{ exitCode: number | null; told: string }> {
  const child = spawn(process.execPath, [programFile('command line'), 'backfill', '--execute', '--json'], {
    env: { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbUrl },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, told });
    });
  });
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
