import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CrashRunReport, crashRun, isEqual } from './crash-run.ts';
import { evidenceFolder, keepEvidence } from './evidence.ts';
import { describeDifference, describeProgress, describeRuns } from './report.ts';
import { planRun } from './run-plan.ts';
import { synthesiseOnce } from './synthesised.ts';

const USAGE = 'npm run crash-runs -- [--runs N] [--seed FIRST] [--writes MOST] [--kills MOST] [--records MOST]';

/** The command line of the crash runs: 0 where every run ended equal, 1 where one did not, 2 for bad usage. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
      writes: { type: 'string', default: '500' },
      kills: { type: 'string', default: '3' },
      records: { type: 'string', default: '50' },
    },
  });
  const limits = {
    writesMost: wholeNumber(values.writes),
    backfillKillsMost: wholeNumber(values.kills),
    recordsOfTableMost: wholeNumber(values.records),
  };
  const assemblies = await mkdtemp(join(tmpdir(), 'crash-runs-'));
  const synthesised = synthesiseOnce(assemblies);
  const reports: CrashRunReport[] = [];
  let broken = 0;
  for (let at = 0; at < wholeNumber(values.runs); at += 1) {
    const seed = wholeNumber(values.seed) + at;
    const again = `npm run crash-runs -- --runs 1 --seed ${seed} --writes ${values.writes} --kills ${values.kills} --records ${values.records}`;
    const plan = planRun(seed, limits);
    try {
      const report = await crashRun({
        plan,
        synthesised: await synthesised(plan.heldRecords),
        nowMs: Date.now,
        keep: (...circumstances) => keepEvidence(seed, ...circumstances),
      });
      reports.push(report);
      tell(describeProgress(report));
      if (!isEqual(report)) for (const line of describeDifference(report, evidenceFolder(seed), again)) tell(line);
    } catch (error) {
      broken += 1;
      tell(`seed ${seed}: did not come to its end. Again: ${again}`);
      tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
  await rm(assemblies, { recursive: true, force: true });
  for (const line of describeRuns(reports)) process.stdout.write(`${line}\n`);
  if (broken > 0) process.stdout.write(`${broken} runs did not come to their end.\n`);
  return broken === 0 && reports.every(isEqual) ? 0 : 1;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`${text} is not a whole number above zero.`);
  return Number(text);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
