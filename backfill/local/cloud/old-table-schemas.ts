import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { SERVICE_TABLES, TABLES, type TableNames } from '../../../functions/migration/tables.ts';

/** How the service's own deployment would create its tables, streams off. */
export function oldTableSchemas(names: TableNames): CreateTableCommandInput[] {
  return SERVICE_TABLES.map((role) => tableSchema(names[role], TABLES[role].key, TABLES[role].indexes));
}

/** An on-demand table whose keys are all text. */
export function tableSchema(
  tableName: string,
  key: readonly (string | undefined)[],
  indexes: Readonly<Record<string, readonly (string | undefined)[]>>,
): CreateTableCommandInput {
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

function keySchema(key: readonly (string | undefined)[]) {
  return key.map((AttributeName, at) => ({
    AttributeName,
    KeyType: at === 0 ? ('HASH' as const) : ('RANGE' as const),
  }));
}
