import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../model/attribute-value.ts';
import { queryPage, rangeCondition } from './dynamo-queries.ts';
import { type DataIndex, LINK_INDEX_KEY, type NewReads } from './new-reads.ts';
import type { TableNames } from './table-names.ts';

const DATA_KEY: Readonly<Record<DataIndex, string>> = {
  'kpi-link-index': 'kpi_link_id',
  'kpi-link-category-index': 'kpi_link_category_key',
  'target-subtype-index': 'target_key',
};

/** The new tables' reads over DynamoDB itself. */
export function dynamoNewReads(client: DynamoDBClient, names: TableNames): NewReads {
  const get = async (tableName: string, id: string, signal?: AbortSignal): Promise<Item | undefined> => {
    const command = new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true });
    const { Item: item } = await client.send(command, { abortSignal: signal });
    return item as Item | undefined;
  };

  return {
    getLink: (id, signal) => get(names.kpiLinks, id, signal),
    getData: (id, signal) => get(names.kpiData, id, signal),

    async queryLinks(index, key, tenantId, signal) {
      const rows: Item[] = [];
      let cursor: Item | undefined;
      do {
        const page = await queryPage(
          client,
          {
            TableName: names.kpiLinks,
            IndexName: index,
            KeyConditionExpression: `${LINK_INDEX_KEY[index]} = :key`,
            // A key attribute cannot be filtered by, and need not be.
            ...(index !== 'tenant-index' && { FilterExpression: 'tenant_id = :tenant' }),
            ExpressionAttributeValues: {
              ':key': { S: key },
              ...(index !== 'tenant-index' && { ':tenant': { S: tenantId } }),
            },
          },
          cursor,
          signal,
        );
        rows.push(...page.items);
        cursor = page.cursor;
      } while (cursor);
      return rows;
    },

    queryData(index, key, tenantId, range, cursor, signal) {
      const dates = rangeCondition('post_date', range);
      return queryPage(
        client,
        {
          TableName: names.kpiData,
          IndexName: index,
          KeyConditionExpression: [`${DATA_KEY[index]} = :key`, ...dates.conditions].join(' AND '),
          FilterExpression: 'tenant_id = :tenant',
          ExpressionAttributeValues: { ':key': { S: key }, ':tenant': { S: tenantId }, ...dates.values },
          ScanIndexForward: !range.descending,
          Limit: range.limit,
        },
        cursor,
        signal,
      );
    },
  };
}
