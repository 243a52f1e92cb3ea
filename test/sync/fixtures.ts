import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import type { StreamEvent } from '../../functions/sync/stream-batch.ts';
import { dynamoTables, type Tables } from '../../functions/tables/dynamo-tables.ts';

export const TENANT = 'tenant-1';

export function replicationOver(
  client: DynamoDBClient,
  names: TableNames,
  changes: Partial<Replication> = {},
): Replication & Tables {
  return {
    ...dynamoTables(client, names),
    newToken: randomUUID,
    nowMs: Date.now,
    remainingMs: () => 900_000,
    heldRecords: 'hold',
    tokenRetentionDays: 30,
    recordConcurrency: 8,
    ...changes,
  };
}

export function link(id: string, kpiId: string, changes: Item = {}): Item {
  return {
    id: { S: id },
    tenant_id: { S: TENANT },
    kpi_id: { S: kpiId },
    goal_id: { S: `goal-of-${id}` },
    linked_at: { S: '2024-01-01T00:00:00.0000000Z' },
    is_primary: { BOOL: true },
    created_by: { S: 'user-1' },
    created_at: { S: '2024-01-01T00:00:00.0000000Z' },
    ...changes,
  };
}

export function actual(id: string, kpiId: string, value: string, changes: Item = {}): Item {
  return {
    id: { S: id },
    tenant_id: { S: TENANT },
    kpi_id: { S: kpiId },
    measurement_date: { S: '2024-02-01' },
    actual_value: { N: value },
    data_source: { S: 'Manual' },
    recorded_by: { S: 'user-1' },
    recorded_at: { S: '2024-02-01T00:00:00.0000000Z' },
    ...changes,
  };
}

export function milestone(id: string, kpiId: string, value: string, changes: Item = {}): Item {
  return {
    id: { S: id },
    tenant_id: { S: TENANT },
    kpi_id: { S: kpiId },
    milestone_date: { S: '2024-03-01' },
    target_value: { N: value },
    created_by: { S: 'user-1' },
    created_at: { S: '2024-01-01T00:00:00.0000000Z' },
    ...changes,
  };
}

export async function putOld(client: DynamoDBClient, names: TableNames, source: Source, item: Item): Promise<void> {
  await client.send(new PutItemCommand({ TableName: names[OLD_TABLE_OF[source]], Item: item }));
}

/** The event of an item's change, with the images given. */
export function eventOf(sequenceNumber: string, images: { oldImage?: Item; newImage?: Item }): StreamEvent {
  const id = (images.newImage ?? images.oldImage)?.id;
  return {
    eventId: `event-${sequenceNumber}`,
    sequenceNumber,
    keys: id ? { id } : {},
    ...images,
    whole: { event: { S: JSON.stringify({ sequenceNumber }) } },
  };
}

/** Every row of a new table by id. */
export async function rowsById(
  tables: Pick<Tables, 'data'>,
  table: 'kpiLinks' | 'kpiData',
): Promise<Map<string, Item>> {
  const rows = new Map<string, Item>();
  let cursor: Item | undefined;
  do {
    const page = await tables.data.scan(table, { segment: 0, totalSegments: 1, ...(cursor && { cursor }) });
    for (const row of page.items) rows.set((row.id as { S: string }).S, row);
    cursor = page.cursor;
  } while (cursor);
  return rows;
}
