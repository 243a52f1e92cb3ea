import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type CfnTrail, Trail } from 'aws-cdk-lib/aws-cloudtrail';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { ControlTable } from './control-table.ts';
import type { Settings } from './settings.ts';

export interface ControlTrailProps {
  readonly settings: Settings;
  readonly control: ControlTable;
}

/**
 * Records every write to the control table, with who made it: acceptances, checkpoints and reports are there. CloudTrail
 * bills each data event, and replication writes the table with every change, so the settings have to ask for it.
 */
export class ControlTrail extends Construct {
  constructor(scope: Construct, id: string, { settings, control }: ControlTrailProps) {
    super(scope, id);
    const bucket = new Bucket(this, 'Events', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [{ expiration: Duration.days(settings.audit.eventDays) }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'Only CloudTrail writes here; access logs would need a bucket of their own.',
    });
    const trail = new Trail(this, 'Trail', {
      bucket,
      isMultiRegionTrail: false,
      includeGlobalServiceEvents: false,
      enableFileValidation: true,
    });
    const cfnTrail = trail.node.defaultChild as CfnTrail;
    cfnTrail.eventSelectors = undefined;
    // CloudTrail User Guide, "Logging data events", advanced event selectors.
    cfnTrail.advancedEventSelectors = [
      {
        name: 'Writes to the control table',
        fieldSelectors: [
          { field: 'eventCategory', equalTo: ['Data'] },
          { field: 'resources.type', equalTo: ['AWS::DynamoDB::Table'] },
          { field: 'resources.ARN', equalTo: [control.tableArn] },
          { field: 'readOnly', equalTo: ['false'] },
        ],
      },
    ];
    new CfnOutput(Stack.of(this), 'ControlTrailBucketName', {
      value: bucket.bucketName,
      description: 'CloudTrail’s record of writes to the control table.',
    });
  }
}
