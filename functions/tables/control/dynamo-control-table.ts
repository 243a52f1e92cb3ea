import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { kpiKeyOf } from '../../migration/sources.ts';
import type { TableNames } from '../../migration/tables.ts';
import { textOf } from '../../model/attribute-value.ts';
import { kpiIdentity } from '../../model/kpi.ts';
import { dynamoPlainRows } from '../dynamo/dynamo-plain-rows.ts';
import { queryPage } from '../dynamo/dynamo-queries.ts';
import { batchGet, scanPage } from '../dynamo/dynamo-reads.ts';
import { outlasting } from '../dynamo/retry.ts';
import { decodeQuarantined, kpiPartition, recordTokenKey, TOUCHED_RECORDS_SORT } from './control-rows.ts';
import type { ControlTable } from './control-table.ts';
import { decodeKpiRow, decodeSpilledLink, KPI_SORT, kpiRowKey } from './kpi-rows.ts';

/**
 * Ids a page of touched-record rows has at most: as many records as are replicated between two looks at the KPI row.
 */
const QUERY_LIMIT = 100;

/** The control table over DynamoDB itself. The protocol's rows keep their wire form. */
export function dynamoControlTable(client: DynamoDBClient, names: TableNames): ControlTable {
  const tableName = names.control;

  return {
    ...dynamoPlainRows(client, tableName),

    async readKpis(kpis) {
      const keys = kpis.map((kpi) => ({ tableName, key: kpiRowKey(kpi).key }));
      const found = await batchGet(client, keys);
      const byIdentity = new Map(found.map(({ item }) => [kpiIdentity(kpiKeyOf(item)), item]));
      return kpis.map((kpi) => decodeKpiRow(kpi, byIdentity.get(kpiIdentity(kpi))));
    },

    async recordsInQuarantine(ids) {
      const keys = ids.map((id) => ({ id, ...recordTokenKey(id) }));
      const found = await batchGet(
        client,
        keys.map(({ key }) => ({ tableName, key })),
      );
      const named = found.filter(({ item }) => decodeQuarantined(item).length > 0);
      const partitions = new Set(named.map(({ item }) => textOf(item, 'pk')));
      return new Set(keys.filter(({ key }) => partitions.has(textOf(key, 'pk'))).map(({ id }) => id));
    },

    async queryTouchedRecords(kpi, cursor) {
      const query = {
        tableName,
        partition: ['pk', kpiPartition(kpi)],
        sort: { name: 'sk', prefix: TOUCHED_RECORDS_SORT },
        attributes: ['record_id'],
        limit: QUERY_LIMIT,
      } as const;
      const page = await queryPage(client, query, cursor);
      return { ...page, items: page.items.map((item) => textOf(item, 'record_id')).filter((id) => id !== undefined) };
    },

    async querySpilledLinks(kpi, cursor) {
      const query = {
        tableName,
        partition: ['pk', kpiPartition(kpi)],
        sort: { name: 'sk', prefix: KPI_SORT.spilledLinks },
      } as const;
      const page = await queryPage(client, query, cursor);
      return { ...page, items: page.items.map(decodeSpilledLink) };
    },

    async scanTouchedRecords(position) {
      const page = await scanPage(client, tableName, position, {
        FilterExpression: 'attribute_exists(record_id)',
      });
      return {
        ...page,
        items: page.items.map((item) => ({ kpi: kpiKeyOf(item), recordId: textOf(item, 'record_id') ?? '' })),
      };
    },

    async scanKpis(position) {
      const page = await scanPage(client, tableName, position, {
        FilterExpression: 'sk = :sort AND begins_with(pk, :prefix)',
        ExpressionAttributeValues: { ':sort': { S: KPI_SORT.head }, ':prefix': { S: 'kpi#' } },
      });
      return { ...page, items: page.items.map((item) => decodeKpiRow(kpiKeyOf(item), item)) };
    },

    async clearMark(kpi, mark, expected) {
      try {
        await outlasting(client, () =>
          client.send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: kpiRowKey(kpi).key,
              UpdateExpression: 'REMOVE #mark',
              ConditionExpression: '#mark = :expected',
              ExpressionAttributeNames: { '#mark': mark },
              ExpressionAttributeValues: { ':expected': { S: expected } },
            }),
          ),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}
