import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { textOf } from '../model/attribute-value.ts';
import { MigrationError } from '../model/migration-error.ts';
import {
  decodeQuarantineRow,
  QUARANTINE_SOURCES,
  type QuarantineRow,
  type QuarantineSource,
  quarantineKey,
} from './control-rows.ts';
import { queryAll } from './dynamo-queries.ts';
import type { TableNames } from './table-names.ts';

/** All entries of quarantine, or those of some sources, source by source in this order, read strongly, page by page. */
export async function* listQuarantine(
  client: DynamoDBClient,
  names: TableNames,
  sources: readonly QuarantineSource[] = QUARANTINE_SOURCES,
): AsyncGenerator<QuarantineRow> {
  for (const source of sources) {
    const partition = ['pk', textOf(quarantineKey(source, '').key, 'pk') ?? ''] as const;
    const items = queryAll(client, { tableName: names.control, partition });
    for await (const item of items) yield decodeQuarantineRow(item);
  }
}

/**
 * Notes that a person accepts an entry as it was shown to them.
 *
 * @throws MigrationError QUARANTINE_CHANGED where the item has changed or left since.
 */
export async function acceptQuarantined(
  client: DynamoDBClient,
  names: TableNames,
  { source, id, quarantinedAt }: Pick<QuarantineRow, 'source' | 'id' | 'quarantinedAt'>,
  accepted: { readonly by: string; readonly at: string },
): Promise<void> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: names.control,
        Key: quarantineKey(source, id).key,
        UpdateExpression: 'SET accepted = :accepted',
        ConditionExpression: 'quarantined_at = :seen',
        ExpressionAttributeValues: {
          ':accepted': { M: { by: { S: accepted.by }, at: { S: accepted.at } } },
          ':seen': { S: quarantinedAt },
        },
      }),
    );
  } catch (cause) {
    if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
    throw new MigrationError('QUARANTINE_CHANGED', `The item ${id} of ${source} has changed meanwhile.`, {
      cause,
      nextStep: `Look again: kpi-migrate quarantine show ${source} ${id}`,
    });
  }
}
