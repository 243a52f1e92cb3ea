import { executeBackfill } from '../../../backfill/commands/backfill/backfill-command.ts';
import { replicationOf } from '../../../backfill/environment.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { connect, dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import { parseSettings } from '../../../infra/settings.ts';
import { bareCopy } from './bare-copy.ts';
import { type ContenderTask, type Figures, noProgress } from './figures.ts';
import { seedLoop } from './seed-loop.ts';
import { throttleCalls } from './throttled-calls.ts';
import { meterUnits } from './unit-meter.ts';

const THROTTLE_SEED = 1;
/** How often the memory of the process is looked at. */
const MEMORY_EVERY_MS = 50;

/**
 * One way to copy, in a process of its own, so that none has another's warm code or memory. The task comes as JSON in the first
 * argument; the figures go to the parent.
 */
const task: ContenderTask = JSON.parse(process.argv[2] ?? '');
const { engineUrl, names, contender, rowsMax } = task;
const connection = localClientConfig(engineUrl);
const client = connect(connection);
const figures = await measured();
process.send?.(figures);
process.disconnect?.();
client.destroy();

async function measured(): Promise<Figures> {
  if (contender === 'bare') {
    const copy = await bareCopy(client, names);
    return measure(copy);
  }
  if (contender === 'seed') return measure(() => seedLoop(client, names, rowsMax));
  const given = { account: '111111111111', region: 'us-east-1', tables: names, backfill: task.backfill };
  const settings = parseSettings({ migration: { environments: { bench: given } } }, 'bench');
  const tables = dynamoTables(client, names);
  const environment = { settings, connection, client, tables, replication: replicationOf(settings, tables) };
  return measure(async () => {
    const passes: Record<string, number> = {};
    const report = await executeBackfill(environment, noProgress(passes), new AbortController().signal);
    if (report.state !== 'finished') throw new Error(`The backfill ended as ${report.state}.`);
    return { rows: report.passes.reduce((sum, { tally }) => sum + tally.copied, 0), passes };
  });
}

async function measure(work: () => Promise<Pick<Figures, 'rows' | 'passes'>>): Promise<Figures> {
  const attempts = task.throttled && throttleCalls(client, { share: task.throttled, seed: THROTTLE_SEED });
  const meter = meterUnits(client);
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
  }, MEMORY_EVERY_MS);
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const done = await work();
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(watch);
  const used = { seconds, cpuSeconds: (user + system) / 1e6, peakMegabytes: peakBytes / 1_048_576 };
  return { ...done, ...meter, ...used, ...(attempts && { attempts }) };
}
