import { CfnOutput, CustomResource, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { bySource, SOURCES, type Source } from '../functions/migration/sources.ts';
import { OLD_TABLE_OF, type ServiceTable } from '../functions/migration/tables.ts';
import { acknowledgeFramework, acknowledgeResource } from './acknowledge.ts';
import { capitalised, tableArn } from './new-tables.ts';
import { keptLogs, nodeFunction } from './node-function.ts';
import type { Settings } from './settings.ts';

/**
 * The service's tables. They are not ours: nothing here creates, changes or deletes one, but that a stream is turned on
 * where there is none. Deleting this stack turns none off.
 */
export class OldTables extends Construct {
  readonly streamArns: Readonly<Record<Source, string>>;
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings, madeAt: Date) {
    super(scope, id);
    this.settings = settings;
    const provider = this.streamProvider();
    this.streamArns = bySource((source) => {
      const stream = new CustomResource(this, `${source}Stream`, {
        resourceType: 'Custom::OldTableStream',
        serviceToken: provider.serviceToken,
        properties: {
          TableName: settings.tables[OLD_TABLE_OF[source]],
          CountReaders: true,
          // CloudFormation runs a custom resource again only if a property has changed.
          MadeAt: madeAt.toISOString(),
        },
      });
      new CfnOutput(Stack.of(this), `StreamOf${capitalised(source)}`, {
        value: stream.getAttString('Notice'),
        description: 'What this deployment found of the stream.',
      });
      return stream.getAttString('StreamArn');
    });
  }

  /** The ARN of an old table, of one of its indexes or its streams. */
  arn(role: ServiceTable, suffix = ''): string {
    return tableArn(this, this.settings.tables[role], suffix);
  }

  tableArn(source: Source, suffix = ''): string {
    return this.arn(OLD_TABLE_OF[source], suffix);
  }

  private streamProvider(): Provider {
    const limits = { timeoutSeconds: 60, memoryMegabytes: 256 };
    const onEvent = nodeFunction(this, 'EnsureStream', { entry: 'ensure-stream', handler: 'onEvent', ...limits });
    const isComplete = nodeFunction(this, 'StreamIsOn', {
      entry: 'ensure-stream',
      handler: 'isComplete',
      ...limits,
    });
    const tableArns = SOURCES.map((source) => this.tableArn(source));
    onEvent.addToRolePolicy(
      // UpdateTable is what turns a stream on; the function sends nothing else with it.
      new PolicyStatement({ actions: ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'], resources: tableArns }),
    );
    onEvent.addToRolePolicy(new PolicyStatement({ actions: ['lambda:ListEventSourceMappings'], resources: ['*'] }));
    acknowledgeResource(onEvent.role ?? onEvent, '*', 'Lambda lists mappings by stream only to who may list them all.');
    isComplete.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:DescribeTable'], resources: tableArns }));
    const provider = new Provider(this, 'StreamProvider', {
      onEventHandler: onEvent,
      isCompleteHandler: isComplete,
      logGroup: keptLogs(this, 'StreamProviderLogs'),
    });
    acknowledgeFramework(provider, [onEvent, isComplete]);
    return provider;
  }
}
