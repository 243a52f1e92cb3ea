import { parseArgs } from 'node:util';
import { startBesideWriter } from './beside-writer.ts';

const USAGE = 'npm run false-alarms -- [--runs N] [--patience SECONDS] [--seed N] [--ahead WRITES]';

const KPIS = 60;
const RECORDS_OF_KPI = 20;

/** The command line: 0 where no validation raised a false alarm and a row that was lost was found, 1 otherwise, 2 for bad usage. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '50' },
      patience: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      ahead: { type: 'string', default: '12' },
    },
  });
  const [runs, patience, seed] = [values.runs, values.patience, values.seed].map(wholeNumber) as [
    number,
    number,
    number,
  ];
  const verdicts = { agree: 0, inconclusive: 0, disagree: 0 };
  const beside = await startBesideWriter({
    seed,
    kpis: KPIS,
    recordsOfKpi: RECORDS_OF_KPI,
    patienceSeconds: patience,
    aheadMax: wholeNumber(values.ahead),
  });
  try {
    for (let run = 1; run <= runs; run += 1) {
      const { report, seconds, writes, lagMs } = await beside.validate();
      verdicts[report.verdict] += 1;
      const what = `${report.rowsCompared} rows, ${writes} writes, ${seconds.toFixed(1)} s, ${report.counts.inFlight} in flight`;
      tell(
        `${run}: ${report.verdict}; ${what}, lag at most ${(lagMs / 1_000).toFixed(0)} s ${report.reasons.join(' ')}`,
      );
      for (const finding of report.verdict === 'disagree' ? report.findings : []) tell(JSON.stringify(finding));
    }
    const lost = await beside.loseRow();
    const { report: last } = await beside.validate();
    const found = last.findings.map(({ id, kind }) => `${id} ${kind}`);
    tell(`A row was lost: ${last.verdict}, ${found.join(', ')}`);
    const isFound = last.verdict === 'disagree' && found.length === 1 && found[0] === `${lost} missing`;
    const { agree, inconclusive, disagree } = verdicts;
    tell(
      `${runs} validations: ${agree} agree, ${inconclusive} inconclusive, ${disagree} false alarms; the lost row was ${isFound ? '' : 'not '}found.`,
    );
    return disagree === 0 && isFound ? 0 : 1;
  } finally {
    await beside.stop();
  }
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new TypeError(`${text} is not a whole number.`);
  return Number(text);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
