import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { report } from './report.ts';

const RUNS = 9;

/** The read function's bundle: how large it is, and how long a new process takes to load it, beside one that loads nothing. */
export async function benchReadFunction(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'read-function-'));
  const bundle = join(directory, 'index.js');
  const entry = join(import.meta.dirname, '../../functions/read-kpi.ts');
  // With the options of infra/node-function.ts.
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
  });
  report('read function, bundle', `${Math.round((await stat(bundle)).size / 1_024)} KiB`);
  const environment = {
    TABLE_NAMES: JSON.stringify(names()),
    HELD_RECORDS: 'hold',
    ENVIRONMENT_NAME: 'dev',
    FLAG_APPLICATION: 'application',
    FLAG_ENVIRONMENT: 'environment',
    FLAG_PROFILE: 'profile',
    READ_CALLERS: JSON.stringify([{ principal: 'arn:aws:iam::111111111111:role/reader', tenants: 'any' }]),
    AWS_REGION: 'us-east-1',
  };
  const load = `const t = performance.now(); require(${JSON.stringify(bundle)}); console.log(performance.now() - t); process.exit(0);`;
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', load], { env: environment });
    times.push(Number(stdout.split('\n')[0]));
  }
  times.sort((left, right) => left - right);
  report('read function, module load, median of a new process', `${times[(RUNS - 1) / 2]?.toFixed(0)} ms`);
  await rm(directory, { recursive: true });
}

function names(): Record<string, string> {
  const roles = 'goalKpiLinks kpiMilestones kpiActuals kpiReadings kpis people kpiLinks kpiData control';
  return Object.fromEntries(roles.split(' ').map((role) => [role, `table-${role}`]));
}
