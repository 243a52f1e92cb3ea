import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { NEW_TABLES, type NewTable, TABLES } from '../functions/migration/tables.ts';
import type { TableKeys } from '../functions/model/key-schema.ts';
import type { Settings } from './settings.ts';

/** The tables of the new model. They outlive the stack: by then they are the service's. */
export class NewTables extends Construct {
  readonly #tables: Readonly<Record<NewTable, TableV2>>;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.#tables = Object.fromEntries(
      NEW_TABLES.map((role) => [role, this.table(capitalised(role), settings.tables[role], TABLES[role])]),
    ) as Record<NewTable, TableV2>;
  }

  /** The ARN of a new table, or of one of its indexes. */
  arn(role: NewTable, suffix = ''): string {
    return this.#tables[role].tableArn + suffix;
  }

  private table(id: string, tableName: string, { key: [partitionKey], indexes }: TableKeys): TableV2 {
    return new TableV2(this, id, {
      tableName,
      partitionKey: text(partitionKey),
      billing: Billing.onDemand(),
      globalSecondaryIndexes: Object.entries(indexes).map(([indexName, [indexKey, sortKey]]) => ({
        indexName,
        partitionKey: text(indexKey),
        ...(sortKey !== undefined && { sortKey: text(sortKey) }),
        projectionType: ProjectionType.ALL,
      })),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

function capitalised(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
