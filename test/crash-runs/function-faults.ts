import { setTimeout as sleep } from 'node:timers/promises';
import type { BusyProcess } from '../../backfill/local/function-host.ts';
import type { SeededRandom } from '../../backfill/local/seeded-random.ts';

/** What befell the functions' processes. */
export interface FunctionFaults {
  /** Processes killed in the midst of an invocation. */
  killed: number;
  /** Stopped, and let go on: slow for those who wait. */
  stopped: number;
  /** Stopped and given up; another took over, and then they went on unseen. */
  lost: number;
}

/** Milliseconds from one fault to the next, and from the moment at which a process is busy to the blow. */
const PAUSE_MS = { least: 200, most: 1_800 } as const;
const INTO_INVOCATION_MS_MOST = 250;
const STOPPED_MS_MOST = 1_500;
const LOST_MS = { least: 200, most: 3_000 } as const;
const POLL_MS = 10;

/** Harms processes that have an invocation in hand until the signal is aborted; resolves when all that were lost have ended. */
export async function harmFunctions(
  busy: () => readonly BusyProcess[],
  random: SeededRandom,
  end: AbortSignal,
  note: (message: string) => void,
): Promise<FunctionFaults> {
  const faults: FunctionFaults = { killed: 0, stopped: 0, lost: 0 };
  const under: Promise<void>[] = [];
  const between = ({ least, most }: { readonly least: number; readonly most: number }): number =>
    least + random.below(most - least);
  const kill = (process: BusyProcess): void => {
    process.signal('SIGKILL');
    faults.killed += 1;
  };
  const halt = async (process: BusyProcess): Promise<void> => {
    faults.stopped += 1;
    process.signal('SIGSTOP');
    await sleep(random.below(STOPPED_MS_MOST));
    process.signal('SIGCONT');
  };
  const lose = async (process: BusyProcess): Promise<void> => {
    faults.lost += 1;
    const forMs = between(LOST_MS);
    process.signal('SIGSTOP');
    const gone = process.abandon();
    await sleep(forMs);
    process.signal('SIGCONT');
    await gone;
    note(`a lost process went on after ${forMs} ms, and has ended`);
  };
  const blows: readonly (readonly [weight: number, name: string, blow: (all: readonly BusyProcess[]) => void])[] = [
    [3, 'all killed', (all) => all.forEach(kill)],
    [4, 'one killed', (all) => kill(random.pick(all))],
    [2, 'one stopped', (all) => under.push(halt(random.pick(all)))],
    [4, 'one lost', (all) => under.push(lose(random.pick(all)))],
  ];
  const draw = blows.flatMap((blow) => Array.from({ length: blow[0] }, () => blow));

  while (!end.aborted) {
    await sleep(between(PAUSE_MS));
    while (busy().length === 0 && !end.aborted) await sleep(POLL_MS);
    await sleep(random.below(INTO_INVOCATION_MS_MOST));
    const all = busy();
    if (end.aborted || all.length === 0) continue;
    const [, name, blow] = random.pick(draw);
    note(`functions: ${name} of ${all.length}`);
    blow(all);
  }
  await Promise.all(under);
  return faults;
}
