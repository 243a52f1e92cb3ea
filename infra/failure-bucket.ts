import { CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** Changes that replication gave up, whole: the on-failure destination of the event source mappings. */
export class FailureBucket extends Construct {
  /** The bucket's ARN as another stack imports it. */
  readonly importedArn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'Only the event source mappings write here; access logs would need a bucket of their own.',
    });
    this.importedArn = Stack.of(this).exportValue(bucket.bucketArn);
    new CfnOutput(Stack.of(this), 'FailureBucketName', {
      value: bucket.bucketName,
      description: 'The on-failure bucket: kpi-migrate quarantine replay --from s3://NAME',
    });
  }
}
