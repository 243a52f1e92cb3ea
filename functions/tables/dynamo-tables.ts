import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { TableNames } from '../migration/tables.ts';
import type { ControlTable } from './control/control-table.ts';
import { dynamoControlTable } from './control/dynamo-control-table.ts';
import { dynamoTransactions } from './dynamo/dynamo-transactions.ts';
import { readProtoAttributes } from './dynamo/lossless-answers.ts';
import type { Transactions } from './dynamo/transactions.ts';
import { dynamoNewTables } from './new/dynamo-new-tables.ts';
import type { NewTables } from './new/new-tables.ts';
import { dynamoOldTables } from './old/dynamo-old-tables.ts';
import type { OldTables } from './old/old-tables.ts';

/** All storage of the migration, behind the narrow interfaces that everything else knows. */
export interface Tables {
  readonly old: OldTables;
  readonly data: NewTables;
  readonly control: ControlTable;
  readonly transactions: Transactions;
}

export function dynamoTables(client: DynamoDBClient, names: TableNames): Tables {
  return {
    old: dynamoOldTables(client, names),
    data: dynamoNewTables(client, names),
    control: dynamoControlTable(client, names),
    transactions: dynamoTransactions(client, names),
  };
}

/** How to reach DynamoDB, as plain data: another thread can connect in the same way. The SDK's own settings where it says nothing. */
export interface Connection {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * Connects with the SDK's own settings (region, credentials, AWS_ENDPOINT_URL_DYNAMODB) where `config` does not say otherwise.
 * Standard retries, with a few more attempts than usual: what they overcome need not be delivered again.
 */
export function connect(config: DynamoDBClientConfig = {}): DynamoDBClient {
  const client = new DynamoDBClient({ maxAttempts: 6, ...config });
  // It copies every answer for a logger that there is not, which takes longer than to parse it.
  client.middlewareStack.remove('loggerMiddleware');
  readProtoAttributes(client);
  return client;
}

export function connectTables(names: TableNames, config: DynamoDBClientConfig = {}): Tables {
  return dynamoTables(connect(config), names);
}
