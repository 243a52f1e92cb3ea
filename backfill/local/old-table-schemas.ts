import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { TableNames, TableRole } from '../../functions/tables/table-names.ts';

/** Index name to partition key and, where there is one, sort key. */
type Indexes = Readonly<Record<string, readonly string[]>>;

const RECORD_INDEXES = (dateAttribute: string): Indexes => ({
  'kpi-index': ['kpi_id', dateAttribute],
  'tenant-index': ['tenant_id'],
});

/** The service's tables, which no template of ours creates (tables.md, "Old tables" and "Lookup tables"). */
const INDEXES_OF: Partial<Readonly<Record<TableRole, Indexes>>> = {
  goalKpiLinks: { 'kpi-index': ['kpi_id'], 'goal-index': ['goal_id'], 'tenant-index': ['tenant_id'] },
  kpiMilestones: RECORD_INDEXES('milestone_date'),
  kpiActuals: RECORD_INDEXES('measurement_date'),
  kpiReadings: RECORD_INDEXES('reading_date'),
  kpis: {},
  people: { 'linked-user-index': ['linked_user_id'] },
};

export const OLD_TABLE_ROLES = Object.keys(INDEXES_OF) as TableRole[];

/** How the service's own deployment would create its tables, streams off. */
export function oldTableSchemas(names: TableNames): CreateTableCommandInput[] {
  return OLD_TABLE_ROLES.map((role) => tableSchema(names[role], ['id'], INDEXES_OF[role] ?? {}));
}

/** An on-demand table whose keys are all text. */
export function tableSchema(tableName: string, key: readonly string[], indexes: Indexes): CreateTableCommandInput {
  const attributes = new Set([...key, ...Object.values(indexes).flat()]);
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(key),
    AttributeDefinitions: [...attributes].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    ...(Object.keys(indexes).length > 0 && {
      GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, indexKey]) => ({
        IndexName,
        KeySchema: keySchema(indexKey),
        Projection: { ProjectionType: 'ALL' as const },
      })),
    }),
  };
}

function keySchema(key: readonly string[]) {
  return key.map((AttributeName, at) => ({
    AttributeName,
    KeyType: at === 0 ? ('HASH' as const) : ('RANGE' as const),
  }));
}
