import { randomUUID } from 'node:crypto';
import { startEngine } from '../../backfill/local/cloud/engine.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { replicateLinks } from '../../functions/sync/replicate-links.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { countCalls } from '../sync/call-counter.ts';
import { eventOf, putOld, replicationOver, rowsById } from '../sync/fixtures.ts';
import { generatedContent } from './generated-content.ts';
import { report } from './report.ts';
import { fillTables } from './validation-tables.ts';

/** Seconds for which Lambda lets a function run. */
const LAMBDA_SECONDS = 900;

/** What a new link costs where its KPI has very many records, or very many links. */
export async function benchFanOut(): Promise<void> {
  await benchNewLink(10_000, 1);
  await benchNewLink(1_000, 49);
}

async function benchNewLink(records: number, linksBefore: number): Promise<void> {
  const engine = await startEngine();
  const client = connect(localClientConfig(engine.url));
  const names = Object.fromEntries(TABLE_ROLES.map((role) => [role, `bench-${role}`])) as TableNames;
  const generated = generatedContent(0, 1, records);
  const [first] = generated.links as [Item];
  const links = [first, ...Array.from({ length: linksBefore - 1 }, () => ({ ...first, id: { S: randomUUID() } }))];
  await fillTables(client, names, { ...generated, links });
  const replication = replicationOver(client, names);
  const changes = links.map((link) => ({ id: textOf(link, 'id') ?? '', kpis: [kpiKeyOf(link)] }));
  for (const change of changes) await replicateLinks(replication, [change], 'backfill');

  const newLink = { ...first, id: { S: randomUUID() } };
  await putOld(client, names, 'links', newLink);
  const counter = countCalls(client);
  const startMs = performance.now();
  const { errors } = await replicateStreamBatch(replication, 'links', [eventOf('1', { newImage: newLink })]);
  const seconds = (performance.now() - startMs) / 1_000;
  const { total, units } = counter.take();
  if (errors.length > 0) throw errors[0];
  const rows = await rowsById(replication, 'kpiData');
  const made = [...rows.values()].filter((row) => textOf(row, 'kpi_link_id') === textOf(newLink, 'id')).length;
  if (made !== records) throw new Error(`${made} of ${records} rows were made.`);
  client.destroy();
  await engine.stop();

  const name = `link ${linksBefore + 1} of a KPI with ${records} records`;
  report(`${name}, one invocation`, `${seconds.toFixed(0)} s`, `Lambda's limit ${LAMBDA_SECONDS}`);
  report(`${name}, of each record`, `${(total / records).toFixed(2)} calls`);
  report(`${name}, of each record`, `${(units / records).toFixed(1)} units`);
}
