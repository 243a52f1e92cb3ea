import { setTimeout as sleep } from 'node:timers/promises';
import type { BusyProcess } from '../../backfill/local/cloud/function-host.ts';
import type { SeededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';

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
const PAUSE_MS = { least: 200, most: 2_400 } as const;
/** Some invocations have only begun then, the process itself perhaps too; others are in their midst. */
const INTO_INVOCATION_MS = [50, 300, 1_000] as const;
const STOPPED_MS_MOST = 1_500;
const LOST_MS = { least: 500, most: 4_000 } as const;
const POLL_MS = 10;

export interface HarmOptions {
  readonly busy: () => readonly BusyProcess[];
  /** Writes that make what a process holds out of date. */
  readonly burst: () => Promise<void>;
  /** Resolves when all that is on the streams has been delivered. */
  readonly drained: () => Promise<void>;
  readonly random: SeededRandom;
  /** How many, at most. */
  readonly blows: number;
  readonly note: (message: string) => void;
}

/** Harms processes that have an invocation in hand, until the signal is aborted at the latest; resolves when all that were lost have ended. */
export async function harmFunctions(
  { busy, burst, drained, random, blows: blowsMost, note }: HarmOptions,
  end: AbortSignal,
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
  let outlasting = false;
  const lose = async (process: BusyProcess): Promise<void> => {
    faults.lost += 1;
    const forMs = between(LOST_MS);
    const outlasts = !outlasting && random.below(3) > 0;
    process.signal('SIGSTOP');
    const gone = process.abandon();
    await burst();
    if (outlasts) {
      // What it holds is oldest when others have done all that came since.
      outlasting = true;
      await drained();
      outlasting = false;
    } else {
      await sleep(forMs);
    }
    process.signal('SIGCONT');
    await gone;
    note(`a lost process went on ${outlasts ? 'when all was delivered' : `after ${forMs} ms`}, and has ended`);
  };
  const blows: readonly (readonly [weight: number, name: string, blow: (all: readonly BusyProcess[]) => void])[] = [
    [3, 'all killed', (all) => all.forEach(kill)],
    [4, 'one killed', (all) => kill(random.pick(all))],
    [2, 'one stopped', (all) => under.push(halt(random.pick(all)))],
    [4, 'one lost', (all) => under.push(lose(random.pick(all)))],
  ];
  const draw = blows.flatMap((blow) => Array.from({ length: blow[0] }, () => blow));

  for (let left = blowsMost; left > 0 && !end.aborted; ) {
    await sleep(between(PAUSE_MS));
    while (busy().length === 0 && !end.aborted) await sleep(POLL_MS);
    await sleep(random.below(random.pick(INTO_INVOCATION_MS)));
    const all = busy();
    if (end.aborted || all.length === 0) continue;
    const [, name, blow] = random.pick(draw);
    note(`functions: ${name} of ${all.length}`);
    blow(all);
    left -= 1;
  }
  await Promise.all(under);
  return faults;
}
