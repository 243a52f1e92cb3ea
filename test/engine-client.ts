import { randomUUID } from 'node:crypto';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { oldTableSchemas } from '../backfill/local/cloud/old-table-schemas.ts';
import { localClientConfig } from '../backfill/local-endpoint.ts';
import { TABLE_ROLES, type TableNames } from '../functions/migration/tables.ts';
import { connect } from '../functions/tables/dynamo-tables.ts';
import { newTableSchemas, streamedOldTableSchemas } from './table-schemas.ts';

/** The engine of this test file. */
export function engineUrl(): string {
  const urls = inject('engineUrls');
  return urls[process.pid % urls.length] as string;
}

/** A client of it. */
export function engineClient(): DynamoDBClient {
  return connect(localClientConfig(engineUrl()));
}

/** Names for all tables that no other test has. */
export function testTableNames(): TableNames {
  const prefix = randomUUID().slice(0, 8);
  return Object.fromEntries(TABLE_ROLES.map((role) => [role, `${prefix}-${role}`])) as TableNames;
}

/**
 * Creates all tables of the migration with the indexes of tables.md, under names of their own.
 *
 * @param options `streams` turns the old tables' streams on, with both images.
 */
export async function createTestTables(options: { readonly streams?: boolean } = {}): Promise<TableNames> {
  const names = testTableNames();
  const client = engineClient();
  const schemas = [
    ...(options.streams ? streamedOldTableSchemas(names) : oldTableSchemas(names)),
    ...newTableSchemas(names),
  ];
  await Promise.all(schemas.map((schema) => client.send(new CreateTableCommand(schema))));
  return names;
}
