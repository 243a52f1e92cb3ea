import { parentPort, workerData } from 'node:worker_threads';
import { type BatchReport, EMPTY_REPORT, runBatch, seedsFrom } from './batch.ts';
import { runSchedule } from './schedule.ts';

/** What one worker of a long run is to do. */
export interface WorkerTask {
  readonly firstSeed: number;
  readonly schedules: number;
  readonly stride: number;
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}

/** Schedules between two reports. */
const CHUNK = 500;

const task = workerData as WorkerTask;
for (let done = 0; done < task.schedules && Date.now() < task.untilMs; done += CHUNK) {
  const count = Math.min(CHUNK, task.schedules - done);
  const seeds = seedsFrom(task.firstSeed + done * task.stride, count, task.stride);
  const report: BatchReport = await runBatch(runSchedule, seeds);
  parentPort?.postMessage(report);
}
parentPort?.postMessage(EMPTY_REPORT);
