import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { startEngine } from '../../backfill/local/cloud/engine.ts';
import { compareAll } from '../../backfill/local/rehearsal/agreement.ts';
import { seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { byRecordSource, RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { parseSettings } from '../../infra/settings.ts';
import { newTableSchemas, streamedOldTableSchemas } from '../table-schemas.ts';
import { putOldItems } from './backfill/old-content.ts';
import { generatedContent } from './generated-content.ts';
import { type Delivery, startMappings } from './lag-mappings.ts';
import { report } from './report.ts';

const WRITES_PER_SECOND = 100;
const RECORDS_OF_KPI = 30;

type OldRecord = readonly [RecordSource, Item];

export interface LagOptions {
  /** For how long the writer writes. */
  readonly seconds: number;
}

/** How long a steady stream of new records takes to reach the new tables, through real streams and the functions of the stack. */
export async function benchLag({ seconds }: LagOptions): Promise<void> {
  const engine = await startEngine();
  const client = connect(localClientConfig(engine.url));
  const names = Object.fromEntries(TABLE_ROLES.map((role) => [role, `bench-${role}`])) as TableNames;
  const schemas = [...streamedOldTableSchemas(names), ...newTableSchemas(names)];
  for (const schema of schemas) await client.send(new CreateTableCommand(schema));
  const given = { account: '111111111111', region: 'us-east-1', tables: names };
  const settings = parseSettings({ migration: { environments: { bench: given } } }, 'bench');
  const writes = seconds * WRITES_PER_SECOND;
  const generated = generatedContent(0, Math.ceil(writes / RECORDS_OF_KPI), RECORDS_OF_KPI);
  const chosen = Map.groupBy(recordsOf(generated).slice(0, writes), ([source]) => source);
  const records = byRecordSource((source) => (chosen.get(source) ?? []).map(([, item]) => item));
  const content = { ...generated, ...records };
  await putOldItems(client, names, { ...content, milestones: [], actuals: [], readings: [] });

  const deliveries: Delivery[] = [];
  {
    await using mappings = await startMappings(client, engine.url, settings, (delivery) => deliveries.push(delivery));
    // The start of the functions' processes is not measured.
    const first = RECORD_SOURCES.flatMap((source) =>
      content[source].slice(0, 1).map((item) => [source, item] as const),
    );
    await write(client, names, first);
    await mappings.drained();
    deliveries.length = 0;
    const firstIds = new Set(first.map(([, item]) => idOf(item)));
    const written = await write(
      client,
      names,
      recordsOf(content).filter(([, item]) => !firstIds.has(idOf(item))),
    );
    await mappings.drained();
    tell(written, deliveries);
  }
  const { disagreements, rowsCompared } = await compareAll(client, names, 'hold');
  if (disagreements.length > 0) throw new Error(`${disagreements.length} rows are wrong: ${disagreements[0]?.id}.`);
  report('rows in the new tables, each as the mapping has it', `${rowsCompared.kpiLinks + rowsCompared.kpiData}`);
  client.destroy();
  await engine.stop();
}

/** The records of all tables in one mixed order. */
function recordsOf(content: OldContent): OldRecord[] {
  const random = seededRandom(1);
  return RECORD_SOURCES.flatMap((source) => content[source].map((item) => [random.fraction(), source, item] as const))
    .sort(([left], [right]) => left - right)
    .map(([, source, item]) => [source, item] as const);
}

interface Written {
  /** When each put was answered, by id, on the clock of `performance.now`. */
  readonly answeredAtMs: ReadonlyMap<string, number>;
  readonly seconds: number;
}

/** Puts each record at its time, whatever became of those before it. */
async function write(client: DynamoDBClient, names: TableNames, records: readonly OldRecord[]): Promise<Written> {
  const answeredAtMs = new Map<string, number>();
  const startMs = performance.now();
  const puts: Promise<void>[] = [];
  for (const [at, [source, item]] of records.entries()) {
    const waitMs = startMs + (at * 1_000) / WRITES_PER_SECOND - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const put = client.send(new PutItemCommand({ TableName: names[OLD_TABLE_OF[source]], Item: item }));
    puts.push(put.then(() => void answeredAtMs.set(idOf(item), performance.now())));
  }
  await Promise.all(puts);
  return { answeredAtMs, seconds: (performance.now() - startMs) / 1_000 };
}

function tell({ answeredAtMs, seconds }: Written, deliveries: readonly Delivery[]): void {
  const records = deliveries.filter(({ source }) => source !== 'links');
  const endedAtMs = new Map(records.flatMap(({ ids, endedAtMs: ended }) => ids.map((id) => [id, ended] as const)));
  const lags = [...answeredAtMs].map(([id, answered]) => {
    const ended = endedAtMs.get(id);
    if (ended === undefined) throw new Error(`The put of ${id} was never delivered.`);
    return ended - answered;
  });
  report('writes a second', (answeredAtMs.size / seconds).toFixed(1), `asked for ${WRITES_PER_SECOND}`);
  reportTimes('lag of a write', lags);
  reportTimes(
    'of it, in the function',
    records.map((each) => each.endedAtMs - each.startedAtMs),
  );
  report('changes in a batch, mean', (answeredAtMs.size / records.length).toFixed(1), `${records.length} batches`);
}

function reportTimes(name: string, timesMs: readonly number[]): void {
  const sorted = timesMs.toSorted((left, right) => left - right);
  const at = (share: number): string => `${(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(0)} ms`;
  report(`${name}, p50, p99, max`, `${at(0.5)}, ${at(0.99)}, ${at(1)}`);
}
