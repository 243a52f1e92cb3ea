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
import { bySource, RECORD_SOURCES, type Source } from '../functions/migration/sources.ts';
import { LISTED_BY, LOOK_UP_TABLE_OF, NEW_DATA, NEW_TABLES } from '../functions/migration/tables.ts';
import { acknowledgeResource } from './acknowledge.ts';
import type { ControlTable } from './control-table.ts';
import type { FailureBucket } from './failure-bucket.ts';
import type { NewTables } from './new-tables.ts';
import { nodeFunction } from './node-function.ts';
import type { OldTables } from './old-tables.ts';
import type { Settings } from './settings.ts';

export interface StreamSyncProps {
  readonly settings: Settings;
  readonly oldTables: OldTables;
  readonly newTables: NewTables;
  readonly control: ControlTable;
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

  private replicateFunction(source: Source, { settings, oldTables, newTables, control }: StreamSyncProps): IFunction {
    const replicate = nodeFunction(this, `Replicate-${source}`, {
      entry: `replicate-${source}`,
      timeoutSeconds: settings.replication.timeoutSeconds,
      memoryMegabytes: settings.replication.memoryMegabytes,
      reservedConcurrency: settings.replication.reservedConcurrency,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        HELD_RECORDS: settings.heldRecords,
        TOKEN_RETENTION_DAYS: String(settings.tokenRetentionDays),
        RECORD_CONCURRENCY: String(settings.replication.recordConcurrency),
      },
    });
    const allow = (actions: string[], resources: string[]) =>
      replicate.addToRolePolicy(new PolicyStatement({ actions, resources }));
    allow(['dynamodb:GetItem'], [oldTables.tableArn('links'), oldTables.arn(LOOK_UP_TABLE_OF.kpi)]);
    allow(
      ['dynamodb:BatchGetItem'],
      RECORD_SOURCES.map((other) => oldTables.tableArn(other)),
    );
    allow(
      ['dynamodb:Query'],
      [
        ...RECORD_SOURCES.map((other) => oldTables.tableArn(other, `/index/${LISTED_BY.kpi.index}`)),
        oldTables.arn(LOOK_UP_TABLE_OF.person, `/index/${LISTED_BY.user.index}`),
      ],
    );
    // Transactions are authorised by the actions of their items.
    allow(
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
      NEW_TABLES.map((role) => newTables.arn(role)),
    );
    allow(['dynamodb:ConditionCheckItem'], [newTables.arn(NEW_DATA)]);
    allow(
      ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'].map((action) => `dynamodb:${action}`),
      [control.tableArn],
    );
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
