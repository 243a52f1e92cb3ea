import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** Index name to partition key and, where there is one, sort key (tables.md, "New tables"). */
type Indexes = Readonly<Record<string, readonly [partitionKey: string, sortKey?: string]>>;

const KPI_LINK_INDEXES: Indexes = {
  'tenant-index': ['tenant_id'],
  'kpi-index': ['kpi_id'],
  'person-index': ['person_id'],
  'goal-index': ['goal_id'],
  'strategy-index': ['strategy_id'],
  'uniqueness-index': ['uniqueness_key'],
};

const KPI_DATA_INDEXES: Indexes = {
  'kpi-link-index': ['kpi_link_id', 'post_date'],
  'kpi-link-category-index': ['kpi_link_category_key', 'post_date'],
  'target-subtype-index': ['target_key', 'post_date'],
};

/** The tables of the new model. They outlive the stack: by then they are the service's. */
export class NewTables extends Construct {
  readonly kpiLinks: TableV2;
  readonly kpiData: TableV2;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.kpiLinks = this.table('KpiLinks', settings.tables.kpiLinks, KPI_LINK_INDEXES);
    this.kpiData = this.table('KpiData', settings.tables.kpiData, KPI_DATA_INDEXES);
  }

  private table(id: string, tableName: string, indexes: Indexes): TableV2 {
    return new TableV2(this, id, {
      tableName,
      partitionKey: text('id'),
      billing: Billing.onDemand(),
      globalSecondaryIndexes: Object.entries(indexes).map(([indexName, [partitionKey, sortKey]]) => ({
        indexName,
        partitionKey: text(partitionKey),
        ...(sortKey !== undefined && { sortKey: text(sortKey) }),
        projectionType: ProjectionType.ALL,
      })),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
