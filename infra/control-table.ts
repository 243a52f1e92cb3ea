import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { encryptionOf, tableArn } from './new-tables.ts';
import type { Settings } from './settings.ts';

/** What replication needs to be safe, checkpoints and quarantine: losing it would lose the evidence. */
export class ControlTable extends Construct {
  readonly tableArn: string;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    new TableV2(this, 'Table', {
      tableName: settings.tables.control,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      ...encryptionOf(this, 'TableKey', settings),
      timeToLiveAttribute: 'expires_at',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Deletion protection: see new-tables.ts.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.tableArn = tableArn(this, settings.tables.control);
  }
}
