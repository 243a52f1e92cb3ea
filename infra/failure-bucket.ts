import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** For a person to bring back what was deleted by mistake. */
const REPLACED_KEPT_DAYS = 7;

/** Changes that replication gave up, whole: the on-failure destination of the event source mappings. */
export class FailureBucket extends Construct {
  /** The bucket's ARN as another stack imports it. */
  readonly importedArn: string;

  constructor(scope: Construct, id: string, { retention, keys }: Settings) {
    super(scope, id);
    const bucket = new Bucket(this, 'Bucket', {
      ...(keys.failures === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : {
            encryption: BucketEncryption.KMS,
            encryptionKey: Key.fromKeyArn(this, 'Key', keys.failures),
            bucketKeyEnabled: true,
          }),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        {
          expiration: Duration.days(retention.failureDays),
          noncurrentVersionExpiration: Duration.days(REPLACED_KEPT_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        // S3 takes this only in a rule of its own (S3 User Guide, "Lifecycle configuration elements").
        { expiredObjectDeleteMarker: true },
      ],
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
