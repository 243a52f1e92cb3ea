import { CustomResource, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct, type IConstruct } from 'constructs';
import { bySource, SOURCES, type Source } from '../functions/migration/sources.ts';
import { OLD_TABLE_OF, type ServiceTable } from '../functions/migration/tables.ts';
import { acknowledgePartsOf } from './acknowledge.ts';
import { nodeFunction } from './node-function.ts';
import type { Settings } from './settings.ts';

/**
 * The service's tables. They are not ours: nothing here creates, changes or deletes one, but that a stream is turned on
 * where there is none. Deleting this stack turns none off.
 */
export class OldTables extends Construct {
  readonly streamArns: Readonly<Record<Source, string>>;
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.settings = settings;
    const provider = this.streamProvider();
    this.streamArns = bySource((source) => {
      const stream = new CustomResource(this, `${source}Stream`, {
        resourceType: 'Custom::OldTableStream',
        serviceToken: provider.serviceToken,
        properties: { TableName: settings.tables[OLD_TABLE_OF[source]] },
      });
      return stream.getAttString('StreamArn');
    });
  }

  /** The ARN of an old table, of one of its indexes or its streams. */
  arn(role: ServiceTable, suffix = ''): string {
    return Stack.of(this).formatArn({
      service: 'dynamodb',
      resource: 'table',
      resourceName: this.settings.tables[role] + suffix,
    });
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
    isComplete.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:DescribeTable'], resources: tableArns }));
    const provider = new Provider(this, 'StreamProvider', { onEventHandler: onEvent, isCompleteHandler: isComplete });
    acknowledgeFramework(provider, [onEvent, isComplete]);
    return provider;
  }
}

const BASIC_EXECUTION = 'arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

/** What cdk-nag finds in CDK's provider framework, which is not ours to write. It runs while a stack is deployed, then never. */
function acknowledgeFramework(provider: Provider, called: readonly IConstruct[]): void {
  Validations.of(provider).acknowledge(
    {
      id: `AwsSolutions-IAM4[Policy::${BASIC_EXECUTION}]`,
      reason: 'CDK makes these roles; all that the policy allows is to write logs.',
    },
    {
      id: 'AwsSolutions-SF1',
      reason: 'The waiter only asks again whether a stream is on; the functions it calls log.',
    },
    { id: 'AwsSolutions-SF2', reason: 'The waiter runs during a deployment only: there is no traffic to trace.' },
  );
  const framework = ['framework-isComplete', 'framework-onTimeout'].map((id) => provider.node.findChild(id));
  for (const target of [...called, ...framework]) {
    acknowledgePartsOf(target, ':*', provider, 'CDK allows calling any version of exactly this function.');
  }
}
