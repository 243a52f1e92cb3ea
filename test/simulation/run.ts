import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { addReports, type BatchReport, EMPTY_REPORT } from './batch.ts';
import { huntAll, searchWorlds } from './long-runs.ts';
import { runSchedule, type ScheduleResult, worldOf } from './schedule.ts';
import { shrink } from './shrink.ts';
import type { WorkerTask } from './worker.ts';

const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--minutes M] [--workers W]
npm run simulate -- --replay SEED
npm run simulate -- --mutations [--schedules N] [--seed S]
npm run simulate -- --exhaustive [--runs N] [--workers W]`;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** The command line of the simulation: 0 where nothing diverged, 1 where something did, 2 for bad usage. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '60' },
      workers: { type: 'string', default: String(availableParallelism()) },
      replay: { type: 'string' },
      mutations: { type: 'boolean', default: false },
      exhaustive: { type: 'boolean', default: false },
      runs: { type: 'string', default: '200000' },
    },
  });
  if (values.replay !== undefined) return replay(wholeNumber(values.replay));
  if (values.mutations) {
    return (await huntAll(wholeNumber(values.schedules), wholeNumber(values.seed), say)) ? 0 : 1;
  }
  if (values.exhaustive)
    return (await searchWorlds(wholeNumber(values.runs), wholeNumber(values.workers), say)) ? 0 : 1;
  return simulate({
    schedules: wholeNumber(values.schedules),
    seed: wholeNumber(values.seed),
    minutes: Number(values.minutes),
    workers: wholeNumber(values.workers),
  });
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new TypeError(`${text} is not a whole number.`);
  return Number(text);
}

async function replay(seed: number): Promise<number> {
  const result = await runSchedule(seed, { trace: true });
  tellSteps(result);
  return result.divergences.length === 0 ? 0 : 1;
}

function tellSteps({ trace, divergences }: ScheduleResult): void {
  for (const line of trace) say(line);
  say(divergences.length === 0 ? 'nothing diverged' : `DIVERGED\n${divergences.join('\n')}`);
}

interface Options {
  readonly schedules: number;
  readonly seed: number;
  readonly minutes: number;
  readonly workers: number;
}

/** Milliseconds between two lines of progress. */
const PROGRESS_INTERVAL_MS = 10_000;

async function simulate({ schedules, seed, minutes, workers }: Options): Promise<number> {
  const startedAtMs = Date.now();
  let report = EMPTY_REPORT;
  let saidAtMs = startedAtMs;
  await Promise.all(
    Array.from({ length: workers }, (_, at) => {
      const task: WorkerTask = {
        firstSeed: seed + at,
        schedules: Math.floor(schedules / workers) + (at < schedules % workers ? 1 : 0),
        stride: workers,
        untilMs: startedAtMs + minutes * 60_000,
      };
      return runWorker(task, (chunk) => {
        report = addReports(report, chunk);
        if (Date.now() - saidAtMs < PROGRESS_INTERVAL_MS) return;
        saidAtMs = Date.now();
        process.stderr.write(
          `${report.schedules} schedules, ${report.divergent} diverged ${report.examples.map(({ seed: found }) => found).join(' ')}\n`,
        );
      });
    }),
  );
  tell(report, (Date.now() - startedAtMs) / 1000);
  const [example] = report.examples;
  if (example) {
    const smallest = await shrink(example.seed, worldOf(example.seed), runSchedule);
    say(`  seed ${example.seed} with ${smallest.liveWrites} live writes:`);
    tellSteps(smallest);
  }
  return report.divergent === 0 ? 0 : 1;
}

function runWorker(task: WorkerTask, onReport: (report: BatchReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task });
    worker.on('message', onReport);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

function tell(report: BatchReport, seconds: number): void {
  const perSecond = Math.round(report.schedules / seconds);
  say(`schedules    ${report.schedules} in ${seconds.toFixed(1)} s, ${perSecond}/s`);
  say(`steps        ${report.steps}, ${Math.round(report.steps / Math.max(report.schedules, 1))} a schedule`);
  say(`live writes  ${report.liveWrites}`);
  const counts = Object.entries(report.counts);
  say(`faults       ${counts.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  say(`divergences  ${report.divergent}`);
  for (const { seed, divergences } of report.examples) {
    say(`  seed ${seed}: ${divergences[0]}`);
    say(`    npm run simulate -- --replay ${seed}`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
