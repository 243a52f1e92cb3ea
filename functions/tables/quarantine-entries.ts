import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { Item } from '../model/attribute-value.ts';
import type { Source } from '../model/sources.ts';
import { decodeQuarantineRow, type QuarantineRow, quarantineKey } from './control-rows.ts';
import type { TableNames } from './table-names.ts';

/** All quarantined items of a source, or the unreadable events, read strongly, page by page. */
export async function* listQuarantine(
  client: DynamoDBClient,
  names: TableNames,
  source: Source | 'events',
): AsyncGenerator<QuarantineRow> {
  const { pk } = quarantineKey(source, '').key;
  const pages = paginateQuery(
    { client },
    {
      TableName: names.control,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :partition',
      ExpressionAttributeValues: { ':partition': pk as { S: string } },
    },
  );
  for await (const { Items = [] } of pages) yield* (Items as Item[]).map(decodeQuarantineRow);
}
