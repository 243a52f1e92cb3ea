import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createLegacyWriter } from '../../backfill/local/rehearsal/live-writer.ts';
import { seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import { replicateStreamBatch, type StreamEvent } from '../../functions/sync/stream-batch.ts';
import { eventOf } from '../sync/fixtures.ts';
import type { OldItems } from './old-items.ts';

/**
 * The service writes to the old tables, and four streams are replicated beside it, until `writes` are made and all is delivered.
 * What fails is delivered again.
 */
export async function liveService(
  client: DynamoDBClient,
  names: TableNames,
  replication: Replication,
  given: { readonly initial: OldItems; readonly seed: number; readonly writes: number },
): Promise<void> {
  const next = createLegacyWriter(seededRandom(given.seed), given.initial);
  const streams = new Map<Source, StreamEvent[]>(SOURCES.map((source) => [source, []]));
  let written = 0;
  const service = async (): Promise<void> => {
    for (; written < given.writes; written += 1) {
      const write = next();
      const id = write.kind === 'put' ? (write.item.id as { S: string }).S : write.id;
      const TableName = names[OLD_TABLE_OF[write.source]];
      const Key = { id: { S: id } };
      const { Item: oldImage } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      if (write.kind === 'put') await client.send(new PutItemCommand({ TableName, Item: write.item }));
      else await client.send(new DeleteItemCommand({ TableName, Key }));
      const images = {
        ...(oldImage && { oldImage: oldImage as Item }),
        ...(write.kind === 'put' && { newImage: write.item }),
      };
      if (Object.keys(images).length > 0) streams.get(write.source)?.push(eventOf(String(written), images));
    }
  };
  const replicate = async (source: Source, events: StreamEvent[]): Promise<void> => {
    while (written < given.writes || events.length > 0) {
      const batch = events.slice(0, 5);
      const { failedSequenceNumbers } = await replicateStreamBatch(replication, source, batch);
      if (failedSequenceNumbers.length === 0) events.splice(0, batch.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all([service(), ...[...streams].map(([source, events]) => replicate(source, events))]);
}
