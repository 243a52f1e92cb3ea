import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FreshEngines } from './fresh-engines.ts';
import { type Failure, fuzzWorld, type Run, replayWorld } from './fuzz.ts';
import { describeFailure, describeSum, describeWorld, NOTHING, plus } from './report.ts';
import { PATHS } from './run-world.ts';
import type { World } from './sketch.ts';

const USAGE =
  'npm run fuzz -- [--items N] [--seed FIRST] [--world-items MOST] [--shrink-seconds N] [--failures MOST] [--replay FILE]';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.local', 'fuzz');

/** 0 where every world holds what it must, 1 where one does not, 2 for bad usage. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      items: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Math.floor(Date.now() / 86_400_000)) },
      'world-items': { type: 'string', default: '200' },
      'shrink-seconds': { type: 'string', default: '240' },
      failures: { type: 'string', default: '1' },
      replay: { type: 'string' },
    },
  });
  const engines = new FreshEngines();
  const run: Run = (world, options) => engines.run(world, options);
  try {
    if (values.replay !== undefined) return await replay(run, values.replay);
    return await fuzz(run, {
      items: wholeNumber(values.items),
      firstSeed: wholeNumber(values.seed),
      worldItems: wholeNumber(values['world-items']),
      shrinkSeconds: wholeNumber(values['shrink-seconds']),
      failuresMax: wholeNumber(values.failures),
    });
  } finally {
    await engines.stop();
  }
}

interface Limits {
  readonly items: number;
  readonly firstSeed: number;
  readonly worldItems: number;
  readonly shrinkSeconds: number;
  readonly failuresMax: number;
}

async function fuzz(run: Run, { items, firstSeed, failuresMax, ...options }: Limits): Promise<number> {
  const startMs = Date.now();
  let sum = NOTHING;
  let failures = 0;
  for (let seed = firstSeed; sum.stored < items && failures < failuresMax; seed += 1) {
    const outcome = await fuzzWorld(run, { ...options, seed });
    if ('report' in outcome) {
      sum = plus(sum, outcome.report);
      tell(describeWorld(seed, outcome.report, sum));
    } else {
      failures += 1;
      for (const line of describeFailure(seed, options.worldItems, outcome.failure, await keep(seed, outcome.failure)))
        tell(line);
    }
  }
  for (const line of describeSum(sum, failures, (Date.now() - startMs) / 1_000)) process.stdout.write(`${line}\n`);
  return failures === 0 ? 0 : 1;
}

async function replay(run: Run, path: string): Promise<number> {
  const world = JSON.parse(await readFile(path, 'utf8')) as World;
  const outcome = await replayWorld(run, world, { paths: PATHS });
  if (!('invariant' in outcome)) {
    process.stdout.write('Every invariant holds.\n');
    return 0;
  }
  process.stdout.write(`${outcome.message}\n`);
  return 1;
}

/** @returns where the world is kept, as a command can name it. */
async function keep(seed: number, { world }: Failure): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, `seed-${seed}.json`);
  await writeFile(path, `${JSON.stringify(world, null, 2)}\n`);
  return relative(ROOT, path);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new TypeError(`${text} is not a whole number above zero.`);
  return Number(text);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError) || !error.message.includes('whole number')) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
