import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  EventSourceMapping,
  type IEventSourceDlq,
  type IFunction,
  MetricType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { bySource, type Source } from '../functions/migration/sources.ts';
import { acknowledgeResource } from './acknowledge.ts';
import type { FailureBucket } from './failure-bucket.ts';
import { nodeFunction } from './node-function.ts';
import { allowReplication, type ReplicationTables, replicationVariables } from './replication-access.ts';
import type { Settings } from './settings.ts';

export interface StreamSyncProps extends ReplicationTables {
  readonly settings: Settings;
  readonly failures: FailureBucket;
}

/** Above this many records a batch, Lambda demands a batching window. */
const BATCH_SIZE_WITHOUT_WINDOW_MAX = 10;

/** What replicates one stream. */
export interface ReplicatedStream {
  readonly replicate: IFunction;
  /** Id of the event source mapping, by which its metrics go. */
  readonly mappingId: string;
}

/** One function a source, fed by the stream of its old table; what fails for good is kept whole in a bucket. */
export class StreamSync extends Construct {
  readonly streams: Readonly<Record<Source, ReplicatedStream>>;

  constructor(scope: Construct, id: string, props: StreamSyncProps) {
    super(scope, id);
    const bucketArn = props.failures.importedArn;
    acknowledgeResource(this, `${bucketArn}/*`, 'Lambda names the object after the stream, the batch and the time.');
    this.streams = bySource((source) => {
      const replicate = this.replicateFunction(source, props);
      return { replicate, mappingId: this.mapStream(source, replicate, bucketArn, props) };
    });
  }

  private replicateFunction(source: Source, { settings, ...tables }: StreamSyncProps): IFunction {
    const replicate = nodeFunction(this, `Replicate-${source}`, {
      entry: `replicate-${source}`,
      timeoutSeconds: settings.replication.timeoutSeconds,
      memoryMegabytes: settings.replication.memoryMegabytes,
      reservedConcurrency: settings.replication.reservedConcurrency,
      environment: replicationVariables(settings),
    });
    allowReplication(replicate, tables);
    return replicate;
  }

  private mapStream(
    source: Source,
    target: IFunction,
    bucketArn: string,
    { settings, oldTables }: StreamSyncProps,
  ): string {
    const { replication } = settings;
    target.addToRolePolicy(
      new PolicyStatement({
        actions: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        resources: [oldTables.streamArns[source]],
      }),
    );
    const needsWindow = replication.batchSize > BATCH_SIZE_WITHOUT_WINDOW_MAX;
    const windowSeconds = Math.max(replication.batchingWindowSeconds, needsWindow ? 1 : 0);
    const mapping = new EventSourceMapping(this, `Stream-${source}`, {
      target,
      eventSourceArn: oldTables.streamArns[source],
      // LATEST can miss records while a mapping is made or changed.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: replication.batchSize,
      maxBatchingWindow: Duration.seconds(windowSeconds),
      parallelizationFactor: replication.parallelizationFactor,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: replication.maximumRetryAttempts,
      maxRecordAge: Duration.seconds(replication.maximumRecordAgeSeconds),
      onFailure: writeOnly(bucketArn),
      metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    });
    const policy = target.role?.node.tryFindChild('DefaultPolicy');
    if (policy) mapping.node.addDependency(policy);
    return mapping.eventSourceMappingId;
  }
}

/**
 * The bucket as an on-failure destination (Lambda developer guide, "Capturing discarded batches": PutObject and ListBucket).
 * CDK's own S3OnFailureDestination also allows reading and deleting what was kept.
 */
function writeOnly(bucketArn: string): IEventSourceDlq {
  return {
    bind(_mapping, target) {
      target.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucketArn] }));
      target.addToRolePolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources: [`${bucketArn}/*`] }));
      return { destination: bucketArn };
    },
  };
}
