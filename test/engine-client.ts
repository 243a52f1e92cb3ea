import { randomUUID } from 'node:crypto';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { localClientConfig } from '../backfill/local/local-endpoint.ts';
import { oldTableSchemas, tableSchema } from '../backfill/local/old-table-schemas.ts';
import { connect } from '../functions/tables/dynamo-tables.ts';
import { TABLE_ROLES, type TableNames } from '../functions/tables/table-names.ts';

/** A client of the engine that all test files share. */
export function engineClient(): DynamoDBClient {
  return connect(localClientConfig(inject('engineUrl')));
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
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const };
  const schemas = [
    ...oldTableSchemas(names).map((schema) => (options.streams ? { ...schema, StreamSpecification } : schema)),
    tableSchema(names.kpiLinks, ['id'], {
      'tenant-index': ['tenant_id'],
      'kpi-index': ['kpi_id'],
      'person-index': ['person_id'],
      'goal-index': ['goal_id'],
      'strategy-index': ['strategy_id'],
      'uniqueness-index': ['uniqueness_key'],
    }),
    tableSchema(names.kpiData, ['id'], {
      'kpi-link-index': ['kpi_link_id', 'post_date'],
      'kpi-link-category-index': ['kpi_link_category_key', 'post_date'],
      'target-subtype-index': ['target_key', 'post_date'],
    }),
    tableSchema(names.control, ['pk', 'sk'], {}),
  ];
  await Promise.all(schemas.map((schema) => client.send(new CreateTableCommand(schema))));
  return names;
}
