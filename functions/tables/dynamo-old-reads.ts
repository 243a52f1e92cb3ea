import type { DynamoDBClient, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { type Item, textOf } from '../model/attribute-value.ts';
import { DATE_ATTRIBUTE_OF } from '../model/old-records.ts';
import { RECORD_SOURCES, type RecordSource } from '../model/sources.ts';
import { dynamoOldTables } from './dynamo-old-tables.ts';
import { queryPage, rangeCondition } from './dynamo-queries.ts';
import { batchGet } from './dynamo-reads.ts';
import { LINK_INDEX_KEY } from './new-reads.ts';
import type { OldReads } from './old-reads.ts';
import { OLD_TABLE_OF, type TableNames } from './table-names.ts';

/** The old tables' reads over DynamoDB itself. */
export function dynamoOldReads(client: DynamoDBClient, names: TableNames): OldReads {
  const { readKpi, queryPeople } = dynamoOldTables(client, names);
  const sourceOfTable = new Map(RECORD_SOURCES.map((source) => [names[OLD_TABLE_OF[source]], source]));

  const queryIds = async (input: QueryCommandInput): Promise<string[]> => {
    const ids: string[] = [];
    let cursor: Item | undefined;
    do {
      const page = await queryPage(client, { ...input, ProjectionExpression: 'id' }, cursor);
      ids.push(...page.items.map((item) => textOf(item, 'id') ?? ''));
      cursor = page.cursor;
    } while (cursor);
    return ids;
  };
  const keyIs = (attribute: string, key: string) => ({
    KeyConditionExpression: `${attribute} = :key`,
    ExpressionAttributeValues: { ':key': { S: key } },
  });

  return {
    readKpi,
    queryPeople,

    async readLinks(ids) {
      const keys = [...new Set(ids)].map((id) => ({ tableName: names.goalKpiLinks, key: { id: { S: id } } }));
      const found = await batchGet(client, keys);
      return new Map(found.map(({ item }) => [textOf(item, 'id') ?? '', item]));
    },

    async readRecords(wanted) {
      const lastSource = new Map<string, number>();
      for (const { source, id } of wanted) {
        lastSource.set(id, Math.max(lastSource.get(id) ?? 0, RECORD_SOURCES.indexOf(source)));
      }
      const keys = [...lastSource].flatMap(([id, last]) =>
        RECORD_SOURCES.slice(0, last + 1).map((source) => ({
          tableName: names[OLD_TABLE_OF[source]],
          key: { id: { S: id } },
        })),
      );
      const records = new Map<string, Partial<Record<RecordSource, Item>>>();
      for (const { tableName, item } of await batchGet(client, keys)) {
        const [id, source] = [textOf(item, 'id'), sourceOfTable.get(tableName)];
        if (id !== undefined && source) records.set(id, { ...records.get(id), [source]: item });
      }
      return records;
    },

    queryLinkIds: (index, key) =>
      queryIds({ TableName: names.goalKpiLinks, IndexName: index, ...keyIs(LINK_INDEX_KEY[index], key) }),

    async queryRecords(source, kpiId, range, cursor) {
      const dateAttribute = DATE_ATTRIBUTE_OF[source];
      const dates = rangeCondition(dateAttribute, range);
      const page = await queryPage(
        client,
        {
          TableName: names[OLD_TABLE_OF[source]],
          IndexName: 'kpi-index',
          KeyConditionExpression: ['kpi_id = :kpi', ...dates.conditions].join(' AND '),
          ExpressionAttributeValues: { ':kpi': { S: kpiId }, ...dates.values },
          ProjectionExpression: `id, ${dateAttribute}`,
          ScanIndexForward: !range.descending,
          Limit: range.limit,
        },
        cursor,
      );
      const items = page.items.map((item) => ({
        source,
        id: textOf(item, 'id') ?? '',
        date: textOf(item, dateAttribute) ?? '',
      }));
      return { ...page, items };
    },

    queryRecordIdsOfTenant: (source, tenantId) =>
      queryIds({
        TableName: names[OLD_TABLE_OF[source]],
        IndexName: 'tenant-index',
        ...keyIs('tenant_id', tenantId),
      }),
  };
}
