import { randomUUID } from 'node:crypto';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { eventOf, putOld, rowsById } from '../sync/fixtures.ts';
import { generatedContent } from './generated-content.ts';
import { APART, type Cost, fillForReplication, reportCost, reportRatios, TOGETHER } from './replication-bench.ts';
import { report } from './report.ts';

/** Seconds for which Lambda lets a function run. */
const LAMBDA_SECONDS = 900;

/** What a new link costs where its KPI has very many records, or very many links. */
export async function benchFanOut(roundTripMs: number): Promise<void> {
  const together = await benchNewLink(10_000, 1, TOGETHER, roundTripMs);
  const apart = await benchNewLink(10_000, 1, APART, roundTripMs);
  reportRatios('the second link, records together', apart, together, 'goal 10x');
  await benchNewLink(1_000, 49, TOGETHER, roundTripMs);
}

async function benchNewLink(
  records: number,
  linksBefore: number,
  together: number,
  roundTripMs: number,
): Promise<Cost> {
  const generated = generatedContent(0, 1, records);
  const [first] = generated.links as [Item];
  const links = [first, ...Array.from({ length: linksBefore - 1 }, () => ({ ...first, id: { S: randomUUID() } }))];
  await using tables = await fillForReplication({ ...generated, links }, together, roundTripMs);
  const newLink = { ...first, id: { S: randomUUID() } };
  await putOld(tables.client, tables.names, 'links', newLink);

  const cost = await tables.measure(async () => {
    const { errors } = await replicateStreamBatch(tables.replication, 'links', [eventOf('1', { newImage: newLink })]);
    if (errors.length > 0) throw errors[0];
  });

  const rows = await rowsById(tables.replication, 'kpiData');
  const made = [...rows.values()].filter((row) => textOf(row, 'kpi_link_id') === textOf(newLink, 'id')).length;
  if (made !== records) throw new Error(`${made} of ${records} rows were made.`);
  const name = `link ${linksBefore + 1} of a KPI with ${records} records, ${together} a transaction`;
  report(`${name}`, `${cost.seconds.toFixed(0)} s`, `Lambda's limit ${LAMBDA_SECONDS}`);
  reportCost(name, records, cost);
  return cost;
}
