import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { startEngine } from '../../../backfill/local/cloud/engine.ts';
import { oldTableSchemas } from '../../../backfill/local/cloud/old-table-schemas.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { TABLE_ROLES, TABLES, type TableNames } from '../../../functions/migration/tables.ts';
import { ensureStream } from '../../../functions/tables/dynamo/streams.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { newTableSchemas } from '../../table-schemas.ts';
import { peakMegabytesOf } from '../process-figures.ts';
import { report } from '../report.ts';
import type { Contender, ContenderTask, Figures } from './figures.ts';
import { fillOldTables } from './old-content.ts';
import { type Rows, readRows, requireSameRows } from './same-rows.ts';

const CONTENDER = fileURLToPath(new URL('contender.ts', import.meta.url));
/** Rows after which the seed's loop stops. */
const SEED_ROWS = 1_500;
/** The bare copy comes before and after the product, so that a machine that gets slower or faster meets both. */
const ORDER: readonly Contender[] = ['bare', 'product', 'bare', 'seed'];

export interface BackfillBenchOptions {
  /** Items of the four old tables together, about. */
  readonly items: number;
  /** An export to copy in place of generated items. */
  readonly exportDirectory?: string;
  /** Only these contenders. */
  readonly contenders?: readonly Contender[];
  /** Share of the calls of each contender that are throttled. The rows of all whole copies are compared then. */
  readonly throttled?: number;
  /** Options of Node for the contenders' processes, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[];
}

/** What one run came to. */
export interface BackfillBench {
  readonly items: number;
  /** Read units of one strong scan of each old table. */
  readonly scanUnits: number;
  /** A contender that did not run is absent. */
  readonly means: Readonly<Partial<Record<Contender, Figures>>>;
  /** The most memory that the engine took; undefined where the system does not tell. */
  readonly engineMegabytes: number | undefined;
}

/** The backfill beside a bare copy of the same rows and the seed's loop, in one run on one engine. */
export async function benchBackfill(options: BackfillBenchOptions): Promise<BackfillBench> {
  const engine = await startEngine();
  const client = connect(localClientConfig(engine.url));
  // Those of the export.
  const old = Object.fromEntries(TABLE_ROLES.map((role) => [role, TABLES[role].defaultName])) as TableNames;
  for (const schema of oldTableSchemas(old)) await client.send(new CreateTableCommand(schema));
  const fillStartMs = performance.now();
  const { items, scanUnits } = await fillOldTables(client, old, options);
  report(`filling of ${items} items`, `${((performance.now() - fillStartMs) / 1_000).toFixed(1)} s`);
  await turnStreamsOn(client, old);
  const contenders = ORDER.filter((each) => options.contenders?.includes(each) ?? true);
  const figures = new Map<Contender, [Figures, ...Figures[]]>();
  const { throttled } = options;
  let expected: Rows | undefined;
  for (const [at, contender] of contenders.entries()) {
    const names = { ...old, ...newNames(`${contender}-${at}`) };
    await createNewTables(client, names);
    const shared = { engineUrl: engine.url, rowsMax: SEED_ROWS, backfill: {}, ...(throttled && { throttled }) };
    const task = { ...shared, names, contender };
    const run = await runContender(task, options.nodeOptions);
    figures.set(contender, [...(figures.get(contender) ?? []), run] as [Figures, ...Figures[]]);
    if (throttled && contender !== 'seed') {
      const rows = await readRows(client, names);
      expected ??= rows;
      requireSameRows(expected, rows);
    }
    for (const { TableName } of newTableSchemas(names)) await client.send(new DeleteTableCommand({ TableName }));
  }
  const engineMegabytes = await peakMegabytesOf(engine.pid);
  client.destroy();
  await engine.stop();
  const means = Object.fromEntries([...figures].map(([contender, runs]) => [contender, meanOf(runs)]));
  const bench = { items, scanUnits, means, engineMegabytes };
  tell(bench);
  if (expected) report('rows of every whole copy, the same in each', `${expected.size}`);
  return bench;
}

/** The engine writes twice as fast while no stream keeps each write too. */
async function turnStreamsOn(client: DynamoDBClient, old: TableNames): Promise<void> {
  for (const { TableName = '' } of oldTableSchemas(old)) {
    await ensureStream(client, TableName);
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName });
  }
}

function newNames(prefix: string) {
  return { kpiLinks: `${prefix}-kpiLinks`, kpiData: `${prefix}-kpiData`, control: `${prefix}-control` };
}

async function createNewTables(client: DynamoDBClient, names: TableNames): Promise<void> {
  for (const schema of newTableSchemas(names)) await client.send(new CreateTableCommand(schema));
}

async function runContender(task: ContenderTask, nodeOptions: readonly string[] = []): Promise<Figures> {
  const child = fork(CONTENDER, [JSON.stringify(task)], { execArgv: [...nodeOptions] });
  const [[figures], [exitCode]] = await Promise.all([
    Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])]),
    once(child, 'exit'),
  ]);
  if (figures === undefined) throw new Error(`The ${task.contender} copy ended with ${exitCode}.`);
  return figures as Figures;
}

function tell({ items, scanUnits, means, engineMegabytes }: BackfillBench): void {
  const { bare, product, seed } = means;
  if (engineMegabytes !== undefined) report('engine, peak memory', `${engineMegabytes.toFixed(0)} MB`);
  for (const [name, each] of Object.entries({ 'bare copy': bare, backfill: product, "seed's loop": seed })) {
    if (each === undefined) continue;
    const { rows, seconds, cpuSeconds, peakMegabytes } = each;
    report(
      `${name} of ${items} items`,
      `${(rows / seconds).toFixed(0)} rows/s`,
      `${rows} rows, ${seconds.toFixed(1)} s`,
    );
    report(`${name}, own CPU, peak memory`, `${cpuSeconds.toFixed(1)} s, ${peakMegabytes.toFixed(0)} MB`);
    if (each.attempts) {
      const { sent, refused, partly } = each.attempts;
      report(`${name}, attempts refused, cut short, of all`, `${refused}, ${partly}, ${sent}`);
    }
  }
  if (product === undefined) return;
  for (const [pass, seconds] of Object.entries(product.passes))
    report(`backfill, pass ${pass}`, `${seconds.toFixed(1)} s`);
  const calls = Object.entries(product.calls).map(([name, count]) => `${name.replace('Command', '')} ${count}`);
  report('backfill, calls', calls.join(', '));
  report('backfill, read units over one scan of each source', ratio(product.readUnits / scanUnits), 'goal 1.10');
  if (bare) {
    report('backfill over bare copy, rows/s', ratio(rateOf(product) / rateOf(bare)), 'goal 0.95');
    report('backfill over bare copy, write units', ratio(product.writeUnits / bare.writeUnits, 3), 'goal 1.02');
  }
  if (seed) report("backfill over the seed's loop, rows/s", ratio(rateOf(product) / rateOf(seed)), 'goal 10');
}

export function rateOf({ rows, seconds }: Figures): number {
  return rows / seconds;
}

/** Of several runs of one contender: the mean time; what does not vary as in the first. */
function meanOf(runs: readonly [Figures, ...Figures[]]): Figures {
  return { ...runs[0], seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length };
}

function ratio(value: number, digits = 2): string {
  return `${value.toFixed(digits)}x`;
}
