import { Worker } from 'node:worker_threads';
import pMap from 'p-map';
import { SEARCHES, type SearchReport } from './exhaustive.ts';
import { hunt } from './mutation-hunt.ts';
import { MUTATIONS } from './mutations.ts';
import type { SearchTask } from './search-worker.ts';
import { SMALL_WORLDS } from './small-worlds.ts';

type Say = (line: string) => void;

/** Hunts every mutation, from the first seed on, and says after how many schedules it was found. */
export async function huntAll(schedulesMax: number, firstSeed: number, say: Say): Promise<boolean> {
  let all = true;
  for (const mutation of MUTATIONS) {
    const { name, schedules, divergence } = await hunt(mutation, schedulesMax, firstSeed);
    all &&= divergence !== undefined;
    say(`${divergence === undefined ? 'NOT FOUND in' : 'found after '} ${String(schedules).padStart(6)}  ${name}`);
  }
  return all;
}

/** Searches every small world by each of the searches, several at the same time, each for at most so many schedules. */
export async function searchWorlds(runsMax: number, workers: number, say: Say): Promise<boolean> {
  const tasks: SearchTask[] = Object.keys(SEARCHES).flatMap((search) =>
    Object.keys(SMALL_WORLDS).map((world) => ({ world, search, runsMax })),
  );
  const reports = await pMap(
    tasks,
    async (task) => {
      const report = await searchInWorker(task);
      say(
        `${report.complete ? 'whole  ' : 'in part'} ${String(report.runs).padStart(8)}  ${task.world}, ${task.search}`,
      );
      const { trace = [], differences = [] } = report.divergence ?? {};
      if (report.divergence) for (const line of [...trace, 'DIVERGED', ...differences]) say(line);
      return report;
    },
    { concurrency: workers },
  );
  const whole = reports.filter(({ complete }) => complete);
  say(
    `${whole.length} of ${reports.length} searches whole, ${reports.reduce((sum, { runs }) => sum + runs, 0)} schedules`,
  );
  return reports.every(({ divergence }) => divergence === undefined);
}

function searchInWorker(task: SearchTask): Promise<SearchReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./search-worker.ts', import.meta.url), { workerData: task });
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}
