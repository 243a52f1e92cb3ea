import {
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { MigrationError } from '../../model/migration-error.ts';

/** The one view type that replication can work with: it needs the KPI of before and after. */
const VIEW_TYPE = 'NEW_AND_OLD_IMAGES';

/**
 * Turns the stream of an old table on where it is off. One that is on is left as it is.
 *
 * @returns the stream's ARN. A stream that was turned off and on again has another one than before.
 * @throws MigrationError TABLE_MISSING, KEY_SCHEMA where the table is not keyed by `id` alone, STREAM_VIEW_TYPE where the
 * stream is on with another view type: that cannot be changed, only turned off and on, and whoever reads it would lose records.
 */
export async function ensureStream(client: DynamoDBClient, tableName: string): Promise<string> {
  const table = await describe(client, tableName);
  checkKeySchema(tableName, table);
  if (table.StreamSpecification?.StreamEnabled) {
    checkViewType(tableName, table);
    return table.LatestStreamArn ?? '';
  }
  const { TableDescription } = await client.send(
    new UpdateTableCommand({
      TableName: tableName,
      StreamSpecification: { StreamEnabled: true, StreamViewType: VIEW_TYPE },
    }),
  );
  return TableDescription?.LatestStreamArn ?? '';
}

/**
 * The ARN of the table's stream, once the table is active with it.
 *
 * @returns undefined while the stream is still being turned on.
 */
export async function activeStreamArn(client: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const table = await describe(client, tableName);
  if (table.TableStatus !== 'ACTIVE' || !table.StreamSpecification?.StreamEnabled) return undefined;
  checkViewType(tableName, table);
  return table.LatestStreamArn;
}

async function describe(client: DynamoDBClient, tableName: string): Promise<TableDescription> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return Table ?? {};
  } catch (cause) {
    if (!(cause instanceof ResourceNotFoundException)) throw cause;
    throw new MigrationError('TABLE_MISSING', `The old table ${tableName} does not exist.`, {
      cause,
      nextStep: 'Set the name of the service’s table in cdk.json, migration.environments.NAME.tables.',
    });
  }
}

function checkKeySchema(tableName: string, table: TableDescription): void {
  const [key, ...others] = table.KeySchema ?? [];
  const type = table.AttributeDefinitions?.find(
    ({ AttributeName }) => AttributeName === key?.AttributeName,
  )?.AttributeType;
  if (key?.AttributeName === 'id' && type === 'S' && others.length === 0) return;
  throw new MigrationError('KEY_SCHEMA', `The key of the table ${tableName} is not a string \`id\` alone.`, {
    nextStep: 'Check that cdk.json names the right table.',
  });
}

function checkViewType(tableName: string, table: TableDescription): void {
  const found = table.StreamSpecification?.StreamViewType;
  if (found === VIEW_TYPE) return;
  throw new MigrationError('STREAM_VIEW_TYPE', `The stream of ${tableName} has view type ${found}, not ${VIEW_TYPE}.`, {
    nextStep:
      'Find out who reads that stream. A view type cannot be changed: agree with them to turn the stream off, then deploy again.',
  });
}
