import { type DynamoDBClient, ResourceNotFoundException, ScanCommand } from '@aws-sdk/client-dynamodb';
import { LISTED_BY, LOOK_UP_TABLE_OF, type TableNames } from '../migration/tables.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { MigrationError } from '../model/migration-error.ts';
import { listQuarantine } from './control/quarantine-entries.ts';
import { decodeQuarantineEntry, quarantineKey } from './control/quarantine-rows.ts';
import { queryPage } from './dynamo/dynamo-queries.ts';
import { batchGet } from './dynamo/dynamo-reads.ts';
import { outlasting } from './dynamo/retry.ts';
import { dynamoOldTables } from './old/dynamo-old-tables.ts';
import type { ValidationReads } from './validation-reads.ts';

/** Ids a page of an index query has at most. */
const QUERY_LIMIT = 1_000;

/** Items a scan page examines at most. Always sent: DynamoDB Local slows down without a limit. */
const SCAN_LIMIT = 1_000;

/**
 * What the validators read, from DynamoDB itself.
 *
 * @param pace told the read units that a page of a scan took; the next page is asked for when it resolves. Reads of single
 * items are not told: only what differs is read so.
 */
export function dynamoValidationReads(
  client: DynamoDBClient,
  names: TableNames,
  pace: (readUnits: number) => Promise<void>,
): ValidationReads {
  const reads: ValidationReads = {
    async scan(table, { segment, totalSegments, cursor, limit = SCAN_LIMIT, isEventual = false }) {
      const { Items, LastEvaluatedKey, ConsumedCapacity } = await outlasting(client, () =>
        client.send(
          new ScanCommand({
            TableName: names[table],
            ConsistentRead: !isEventual,
            Limit: limit,
            Segment: segment,
            TotalSegments: totalSegments,
            ExclusiveStartKey: cursor,
            ReturnConsumedCapacity: 'TOTAL',
          }),
        ),
      );
      await pace(ConsumedCapacity?.CapacityUnits ?? 0);
      return { items: (Items ?? []) as Item[], ...(LastEvaluatedKey && { cursor: LastEvaluatedKey as Item }) };
    },

    async readItems(table, ids) {
      const keys = ids.map((id) => ({ tableName: names[table], key: { id: { S: id } } }));
      const found = await batchGet(client, keys);
      return new Map(found.map(({ item }) => [idOf(item), item]));
    },

    async listIds(table, by, value, cursor) {
      const { index, attribute } = LISTED_BY[by];
      const query = {
        tableName: names[table],
        indexName: index,
        partition: [attribute, value],
        attributes: ['id'],
        limit: QUERY_LIMIT,
      } as const;
      const page = await queryPage(client, query, cursor);
      return { ...page, items: page.items.map(idOf) };
    },

    listPeople: (userId) => dynamoOldTables(client, names).queryPeople(userId),

    async listQuarantine(source) {
      const entries = new Map<string, string>();
      for await (const { id, reason } of listQuarantine(client, names, [source])) entries.set(id, reason.code);
      return entries;
    },

    async listRefused(source) {
      const refused = new Map<string, string>();
      for await (const { id, reason, image } of listQuarantine(client, names, [source])) {
        if (reason.code === 'refused' && image) refused.set(id, image.digest);
      }
      return refused;
    },

    async readQuarantine(source, id) {
      const [found] = await batchGet(client, [{ tableName: names.control, key: quarantineKey(source, id).key }]);
      return found && decodeQuarantineEntry(found.item).reason.code;
    },
  };
  return {
    scan: (table, position) => namingTheTable(names[table], () => reads.scan(table, position)),
    readItems: (table, ids) => namingTheTable(names[table], () => reads.readItems(table, ids)),
    listIds: (table, by, value, cursor) => namingTheTable(names[table], () => reads.listIds(table, by, value, cursor)),
    listPeople: (userId) => namingTheTable(names[LOOK_UP_TABLE_OF.person], () => reads.listPeople(userId)),
    listQuarantine: (source) => namingTheTable(names.control, () => reads.listQuarantine(source)),
    listRefused: (source) => namingTheTable(names.control, () => reads.listRefused(source)),
    readQuarantine: (source, id) => namingTheTable(names.control, () => reads.readQuarantine(source, id)),
  };
}

/** DynamoDB does not say which table it has not found. */
async function namingTheTable<T>(tableName: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof ResourceNotFoundException)) throw cause;
    throw new MigrationError('TABLE_MISSING', `The table ${tableName}, or an index of it, does not exist.`, {
      cause,
      nextStep: 'See what is missing: kpi-migrate preflight',
    });
  }
}
