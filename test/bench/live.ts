import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { eventOf } from '../sync/fixtures.ts';
import { generatedContent } from './generated-content.ts';
import { APART, type Cost, fillForReplication, reportCost, reportRatios, TOGETHER } from './replication-bench.ts';

const KPIS = 40;
const RECORDS_OF_KPI = 50;
/** The most events that a stream's event source mapping hands over at once (infra/settings.ts). */
const BATCH = 100;

/** How many changes of records one shard's batches bring, one batch after the other. */
export async function benchLive(roundTripMs: number): Promise<void> {
  const together = await benchShard(TOGETHER, roundTripMs);
  const apart = await benchShard(APART, roundTripMs);
  reportRatios('live changes, records together', apart, together, 'goal 5x');
}

async function benchShard(recordsPerTransaction: number, roundTripMs: number): Promise<Cost> {
  const content = generatedContent(0, KPIS, RECORDS_OF_KPI);
  await using tables = await fillForReplication(content, recordsPerTransaction, roundTripMs);
  const all = RECORD_SOURCES.flatMap((source) => content[source].map((item) => [source, item] as const));
  const cost = await tables.measure(async () => {
    for (const source of RECORD_SOURCES) {
      const items = content[source];
      for (let start = 0; start < items.length; start += BATCH) {
        const events = items
          .slice(start, start + BATCH)
          .map((item: Item, at) => eventOf(`${start + at}`, { newImage: item }));
        const { errors } = await replicateStreamBatch(tables.replication, source, events);
        if (errors.length > 0) throw errors[0];
      }
    }
  });
  reportCost(`live changes, ${recordsPerTransaction} a transaction`, all.length, cost);
  return cost;
}
