import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { oldTableSchemas, tableSchema } from '../backfill/local/cloud/old-table-schemas.ts';
import type { TableNames } from '../functions/migration/tables.ts';
import { TABLES } from '../functions/migration/tables.ts';

/** The new tables and the control table, with the indexes of tables.md. */
export function newTableSchemas(names: TableNames): CreateTableCommandInput[] {
  const roles = ['kpiLinks', 'kpiData', 'control'] as const;
  return roles.map((role) => tableSchema(names[role], TABLES[role].key, TABLES[role].indexes));
}

/** The service's tables with their streams on, both images in them. */
export function streamedOldTableSchemas(names: TableNames): CreateTableCommandInput[] {
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const };
  return oldTableSchemas(names).map((schema) => ({ ...schema, StreamSpecification }));
}
