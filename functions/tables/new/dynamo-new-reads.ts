import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LINK_LISTING, LISTED_BY, NEW_DATA, NEW_LINKS, TABLES, type TableNames } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import { queryAll, queryPage } from '../dynamo/dynamo-queries.ts';
import { getItem } from '../dynamo/dynamo-reads.ts';
import type { NewReads } from './new-reads.ts';

/** The new tables' reads over DynamoDB itself. */
export function dynamoNewReads(client: DynamoDBClient, names: TableNames): NewReads {
  const get = (tableName: string, id: string, signal?: AbortSignal): Promise<Item | undefined> =>
    getItem(client, { tableName, key: { id: { S: id } } }, signal);

  return {
    getLink: (id, signal) => get(names[NEW_LINKS], id, signal),
    getData: (id, signal) => get(names[NEW_DATA], id, signal),

    queryLinks(index, key, tenantId, signal) {
      const query = {
        tableName: names[NEW_LINKS],
        indexName: index,
        partition: [LINK_LISTING[index].attribute, key],
        // A key attribute cannot be filtered by, and need not be.
        ...(index !== LISTED_BY.tenant.index && { filter: [LISTED_BY.tenant.attribute, tenantId] as const }),
      } as const;
      return Array.fromAsync(queryAll(client, query, signal));
    },

    queryData(index, key, tenantId, { from, to, descending, limit }, cursor, signal) {
      const [partitionKey, sortKey] = TABLES[NEW_DATA].indexes[index];
      const query = {
        tableName: names[NEW_DATA],
        indexName: index,
        partition: [partitionKey, key],
        sort: { name: sortKey, from, to },
        filter: [LISTED_BY.tenant.attribute, tenantId],
        descending,
        limit,
      } as const;
      return queryPage(client, query, cursor, signal);
    },
  };
}
