import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { TableNames } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import { queryAll, queryPage } from '../dynamo/dynamo-queries.ts';
import { getItem } from '../dynamo/dynamo-reads.ts';
import { type DataIndex, LINK_INDEX_KEY, type NewReads } from './new-reads.ts';

const DATA_KEY: Readonly<Record<DataIndex, string>> = {
  'kpi-link-index': 'kpi_link_id',
  'kpi-link-category-index': 'kpi_link_category_key',
  'target-subtype-index': 'target_key',
};

/** The new tables' reads over DynamoDB itself. */
export function dynamoNewReads(client: DynamoDBClient, names: TableNames): NewReads {
  const get = (tableName: string, id: string, signal?: AbortSignal): Promise<Item | undefined> =>
    getItem(client, { tableName, key: { id: { S: id } } }, signal);

  return {
    getLink: (id, signal) => get(names.kpiLinks, id, signal),
    getData: (id, signal) => get(names.kpiData, id, signal),

    queryLinks(index, key, tenantId, signal) {
      const query = {
        tableName: names.kpiLinks,
        indexName: index,
        partition: [LINK_INDEX_KEY[index], key],
        // A key attribute cannot be filtered by, and need not be.
        ...(index !== 'tenant-index' && { filter: ['tenant_id', tenantId] as const }),
      } as const;
      return Array.fromAsync(queryAll(client, query, signal));
    },

    queryData(index, key, tenantId, { from, to, descending, limit }, cursor, signal) {
      const query = {
        tableName: names.kpiData,
        indexName: index,
        partition: [DATA_KEY[index], key],
        sort: { name: 'post_date', from, to },
        filter: ['tenant_id', tenantId],
        descending,
        limit,
      } as const;
      return queryPage(client, query, cursor, signal);
    },
  };
}
