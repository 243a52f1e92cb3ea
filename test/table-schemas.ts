import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { oldTableSchemas, tableSchema } from '../backfill/local/old-table-schemas.ts';
import type { TableNames } from '../functions/tables/table-names.ts';

/** The new tables and the control table, with the indexes of tables.md. */
export function newTableSchemas(names: TableNames): CreateTableCommandInput[] {
  return [
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
}

/** The service's tables with their streams on, both images in them. */
export function streamedOldTableSchemas(names: TableNames): CreateTableCommandInput[] {
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const };
  return oldTableSchemas(names).map((schema) => ({ ...schema, StreamSpecification }));
}
