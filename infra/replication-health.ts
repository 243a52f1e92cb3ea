import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SOURCES } from '../functions/migration/sources.ts';
import { acknowledgeResource } from './acknowledge.ts';
import type { ControlTable } from './control-table.ts';
import { nodeFunction } from './node-function.ts';
import type { OldTables } from './old-tables.ts';
import type { Settings } from './settings.ts';
import type { StreamSync } from './stream-sync.ts';

export interface ReplicationHealthProps {
  readonly settings: Settings;
  readonly oldTables: OldTables;
  readonly control: ControlTable;
  readonly sync: StreamSync;
}

/** Less than the minute after which the next one begins. */
const TIMEOUT_SECONDS = 50;

/** The heartbeat of the replication: every minute, whether changes come through (functions/health). */
export class ReplicationHealth extends Construct {
  readonly watch: IFunction;

  constructor(scope: Construct, id: string, props: ReplicationHealthProps) {
    super(scope, id);
    this.watch = this.watchFunction(props);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      // A heartbeat that comes late says nothing that the next one does not.
      targets: [new LambdaFunction(this.watch, { retryAttempts: 0 })],
    });
  }

  private watchFunction({ settings, oldTables, control, sync }: ReplicationHealthProps): IFunction {
    const watch = nodeFunction(this, 'Watch', {
      entry: 'watch-replication',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMegabytes: 256,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        ENVIRONMENT_NAME: settings.name,
        LAG_MAX_SECONDS: String(settings.readFlag.lagMaxSeconds),
        ...Object.fromEntries(
          SOURCES.map((source) => [`MAPPING_${source.toUpperCase()}`, sync.streams[source].mappingId]),
        ),
      },
      retryAttempts: 0,
    });
    const allow = (actions: string[], resources: string[]) =>
      watch.addToRolePolicy(new PolicyStatement({ actions, resources }));
    const mappingArns = SOURCES.map((source) =>
      Stack.of(this).formatArn({
        service: 'lambda',
        resource: 'event-source-mapping',
        resourceName: sync.streams[source].mappingId,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
    allow(['lambda:GetEventSourceMapping'], mappingArns);
    allow(['lambda:ListEventSourceMappings'], ['*']);
    acknowledgeResource(this, '*', 'Lambda has no resource for listing event source mappings by their stream.');
    allow(
      ['dynamodb:DescribeTable'],
      SOURCES.map((source) => oldTables.tableArn(source)),
    );
    allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      SOURCES.map((source) => oldTables.streamArns[source]),
    );
    allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], [control.tableArn]);
    return watch;
  }
}
