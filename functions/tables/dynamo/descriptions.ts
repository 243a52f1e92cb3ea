import {
  DescribeTableCommand,
  type DynamoDBClient,
  paginateListTables,
  ResourceNotFoundException,
  type SSEDescription,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { TABLE_ROLES, type TableNames, type TableRole } from '../../migration/tables.ts';
import { outlasting } from './retry.ts';

/** A key attribute as a schema declares it. */
export interface KeyAttribute {
  readonly name: string;
  /** DynamoDB's scalar type: S, N or B. */
  readonly type: string;
}

/** A partition key, with its sort key where there is one. */
export interface KeyShape {
  readonly partition: KeyAttribute;
  readonly sort?: KeyAttribute;
}

/** Units a second that are provisioned, or that a table or an index on demand takes at most; absent where nothing limits them. */
export interface Capacity {
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
}

export interface IndexShape extends Capacity {
  readonly status: string;
  readonly key: KeyShape;
  /** What an answer holds beside the keys: everything, or the attributes named. */
  readonly projects: 'ALL' | readonly string[];
}

/** A key of this account or another one, customer managed or `aws/dynamodb`: the description does not say which. */
export interface EncryptionKey {
  readonly arn: string;
  /** Since when DynamoDB cannot use it; absent while it can. */
  readonly inaccessibleSince?: string;
}

/** What a table is, as far as the migration depends on it. */
export interface TableShape extends Capacity {
  /** It names the account and the region that the table is in. */
  readonly arn: string;
  readonly status: string;
  readonly key: KeyShape;
  /** As DynamoDB last counted, up to six hours ago: for estimates only. */
  readonly itemCountEstimate: number;
  readonly indexes: ReadonlyMap<string, IndexShape>;
  /** The view type of the stream that is on; absent where none is. */
  readonly streamViewType?: string;
  /** The stream that is on; absent where none is. */
  readonly streamArn?: string;
  /** The KMS key that encrypts it; absent where AWS owns the key. */
  readonly encryptionKey?: EncryptionKey;
  /** Its indexes are billed alike. */
  readonly billing: 'provisioned' | 'on-demand';
}

/** The shapes of all tables by role; a table that does not exist is left out. */
export async function describeTables(
  client: DynamoDBClient,
  names: TableNames,
): Promise<Partial<Record<TableRole, TableShape>>> {
  const entries = await Promise.all(
    TABLE_ROLES.map(async (role) => [role, await describeTable(client, names[role])] as const),
  );
  return Object.fromEntries(entries.filter(([, shape]) => shape !== undefined));
}

/** The names of all tables of the account in the region of the client. */
export async function listTables(client: DynamoDBClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client }, {})) names.push(...TableNames);
  return names;
}

/** The shape of one table; undefined if it does not exist. */
export async function describeTable(client: DynamoDBClient, name: string): Promise<TableShape | undefined> {
  try {
    const { Table: table } = await outlasting(client, () => client.send(new DescribeTableCommand({ TableName: name })));
    const types = new Map(table?.AttributeDefinitions?.map((each) => [each.AttributeName, each.AttributeType]));
    const keyShape = (schema: readonly { AttributeName?: string; KeyType?: string }[] = []): KeyShape => {
      const attribute = (keyType: string): KeyAttribute | undefined => {
        const attributeName = schema.find((element) => element.KeyType === keyType)?.AttributeName;
        return attributeName === undefined ? undefined : { name: attributeName, type: types.get(attributeName) ?? '' };
      };
      const sort = attribute('RANGE');
      return { partition: attribute('HASH') ?? { name: '', type: '' }, ...(sort && { sort }) };
    };
    const stream = table?.StreamSpecification;
    return {
      arn: table?.TableArn ?? '',
      status: table?.TableStatus ?? 'UNKNOWN',
      key: keyShape(table?.KeySchema),
      itemCountEstimate: table?.ItemCount ?? 0,
      indexes: new Map(
        table?.GlobalSecondaryIndexes?.map((index) => [
          index.IndexName ?? '',
          {
            status: index.IndexStatus ?? 'UNKNOWN',
            key: keyShape(index.KeySchema),
            projects: index.Projection?.ProjectionType === 'ALL' ? 'ALL' : (index.Projection?.NonKeyAttributes ?? []),
            ...capacityOf(index, isOnDemand(table)),
          },
        ]),
      ),
      ...(stream?.StreamEnabled && { streamViewType: stream.StreamViewType ?? 'UNKNOWN' }),
      ...(stream?.StreamEnabled && table?.LatestStreamArn && { streamArn: table.LatestStreamArn }),
      ...encryptionOf(table?.SSEDescription),
      billing: isOnDemand(table) ? 'on-demand' : 'provisioned',
      ...capacityOf(table, isOnDemand(table)),
    };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** A table without a billing mode is provisioned (DynamoDB API Reference, "BillingModeSummary"). */
function isOnDemand(table: TableDescription | undefined): boolean {
  return table?.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
}

/** An index has a capacity of its own. On demand, -1 is no limit, and 0 is provisioned. */
function capacityOf(
  part: Pick<TableDescription, 'OnDemandThroughput' | 'ProvisionedThroughput'> | undefined,
  onDemand: boolean,
): Capacity {
  const { OnDemandThroughput: most, ProvisionedThroughput: provisioned } = part ?? {};
  const read = onDemand ? most?.MaxReadRequestUnits : provisioned?.ReadCapacityUnits;
  const write = onDemand ? most?.MaxWriteRequestUnits : provisioned?.WriteCapacityUnits;
  return {
    ...(read !== undefined && read > 0 && { readUnitsPerSecond: read }),
    ...(write !== undefined && write > 0 && { writeUnitsPerSecond: write }),
  };
}

/** DynamoDB describes a table's encryption only if the key is not its own (DynamoDB API Reference, "SSEDescription"). */
function encryptionOf(sse: SSEDescription | undefined): Pick<TableShape, 'encryptionKey'> {
  const { KMSMasterKeyArn: arn, InaccessibleEncryptionDateTime: since } = sse ?? {};
  return arn === undefined ? {} : { encryptionKey: { arn, ...(since && { inaccessibleSince: since.toISOString() }) } };
}
