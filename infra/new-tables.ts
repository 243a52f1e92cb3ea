import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { NEW_TABLES, type NewTable, TABLES } from '../functions/migration/tables.ts';
import type { TableKeys } from '../functions/model/key-schema.ts';
import type { Settings } from './settings.ts';

/**
 * The tables of the new model. They outlive the stack: by then they are the service's.
 *
 * Deletion protection is not set here. A creation that is rolled back deletes what it created (RetainExceptOnCreate), and
 * DynamoDB refuses to delete a protected table: it would stay, and its name would block the next attempt. guards.ts puts
 * the protection on once everything exists.
 */
export class NewTables extends Construct {
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.settings = settings;
    for (const role of NEW_TABLES) this.table(capitalised(role), settings.tables[role], TABLES[role]);
  }

  /** The ARN of a new table, or of one of its indexes. By name, so that the other stack needs no export of this one. */
  arn(role: NewTable, suffix = ''): string {
    return tableArn(this, this.settings.tables[role], suffix);
  }

  private table(id: string, tableName: string, { key: [partitionKey], indexes }: TableKeys): void {
    new TableV2(this, id, {
      tableName,
      partitionKey: text(partitionKey),
      billing: Billing.onDemand(),
      ...encryptionOf(this, `${id}Key`, this.settings),
      globalSecondaryIndexes: Object.entries(indexes).map(([indexName, [indexKey, sortKey]]) => ({
        indexName,
        partitionKey: text(indexKey),
        ...(sortKey !== undefined && { sortKey: text(sortKey) }),
        projectionType: ProjectionType.ALL,
      })),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

/** Encryption with the key of the settings; without one, with a key that AWS owns, which nobody needs a right to use. */
export function encryptionOf(scope: Construct, id: string, { keys: { newTables } }: Settings) {
  if (newTables === undefined) return {};
  return { encryption: TableEncryptionV2.customerManagedKey(Key.fromKeyArn(scope, id, newTables)) };
}

/** The ARN of a table of this account and region, or of one of its indexes. */
export function tableArn(scope: Construct, tableName: string, suffix = ''): string {
  return Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName + suffix });
}

export function capitalised(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
