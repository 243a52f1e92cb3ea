import { searchAll } from './exhaustive.ts';
import { hunt } from './mutation-hunt.ts';
import { MUTATIONS } from './mutations.ts';
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

/** Searches every small world, without and with a crash, each for at most so many runs. */
export async function searchWorlds(runsMax: number, say: Say): Promise<boolean> {
  let well = true;
  for (const crash of [0, 1]) {
    for (const [name, world] of Object.entries(SMALL_WORLDS)) {
      const report = await searchAll(world, { runsMax, adversary: { crash } });
      const extent = report.complete ? 'whole' : 'in part';
      say(`${extent}: ${report.runs} runs, ${report.states} states, ${report.ends} ends  ${name}, ${crash} crash`);
      if (report.divergence === undefined) continue;
      well = false;
      for (const line of [...report.divergence.trace, 'DIVERGED', ...report.divergence.differences]) say(line);
    }
  }
  return well;
}
