import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MigrationError } from '../../functions/model/migration-error.ts';
import type { LocalCloud } from './local-cloud.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Milliseconds between two kills of the functions, at least and at most. */
const KILL_PAUSE_MS = { least: 500, most: 2_500 } as const;

/** How often the backfill is killed before it is left to finish. */
const BACKFILL_KILLS = 2;

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));

/** Kills all processes of the functions, at random, as a machine that is lost does. */
export async function killFunctions(
  cloud: LocalCloud,
  random: SeededRandom,
  end: AbortSignal,
  note: (message: string) => void,
): Promise<void> {
  let kills = 0;
  while (!end.aborted) {
    const pauseMs = KILL_PAUSE_MS.least + random.below(KILL_PAUSE_MS.most - KILL_PAUSE_MS.least);
    await sleep(pauseMs, undefined, { signal: end }).catch(ignoreAbort);
    if (end.aborted) break;
    cloud.functions.killAll('SIGKILL');
    kills += 1;
  }
  note(`The functions were killed ${kills} times.`);
}

/** Runs the backfill as an operator does, kills it in its midst, and runs it again until it is finished. */
export async function killedBackfill(
  cloud: LocalCloud,
  random: SeededRandom,
  note: (message: string) => void,
): Promise<void> {
  for (let kills = 0; ; kills += 1) {
    const killAfterMs = kills < BACKFILL_KILLS ? 1_000 + random.below(3_000) : undefined;
    const { exitCode, told } = await runBackfillProcess(cloud, killAfterMs);
    if (exitCode === 0) return;
    if (exitCode !== null) {
      throw new MigrationError('BACKFILL_FAILED', `The backfill ended with exit code ${exitCode}.`, {
        cause: new Error(told),
      });
    }
    note(`The backfill was killed ${killAfterMs} ms after its start; it is run again.`);
  }
}

/** The exit code is null where the process was killed. */
function runBackfillProcess(
  cloud: LocalCloud,
  killAfterMs: number | undefined,
): Promise<{ exitCode: number | null; told: string }> {
  const child = spawn(process.execPath, [CLI, 'backfill', '--execute', '--json'], {
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
