import { CustomResource, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { nodeFunction } from './node-function.ts';
import type { Settings } from './settings.ts';

/** The old tables that are replicated, by source; the names of the sources are those of functions/model/sources.ts. */
const TABLE_OF = {
  links: 'goalKpiLinks',
  milestones: 'kpiMilestones',
  actuals: 'kpiActuals',
  readings: 'kpiReadings',
} as const;

export type Source = keyof typeof TABLE_OF;
export const SOURCES = Object.keys(TABLE_OF) as Source[];

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
    this.streamArns = Object.fromEntries(
      SOURCES.map((source) => {
        const stream = new CustomResource(this, `${source}Stream`, {
          resourceType: 'Custom::OldTableStream',
          serviceToken: provider.serviceToken,
          properties: { TableName: settings.tables[TABLE_OF[source]] },
        });
        return [source, stream.getAttString('StreamArn')];
      }),
    ) as Record<Source, string>;
  }

  /** The ARN of an old table, of one of its indexes or its streams. */
  arn(role: keyof Settings['tables'], suffix = ''): string {
    return Stack.of(this).formatArn({
      service: 'dynamodb',
      resource: 'table',
      resourceName: this.settings.tables[role] + suffix,
    });
  }

  tableArn(source: Source, suffix = ''): string {
    return this.arn(TABLE_OF[source], suffix);
  }

  private streamProvider(): Provider {
    const limits = { timeoutSeconds: 60, memoryMegabytes: 256 };
    const onEvent = nodeFunction(this, 'EnsureStream', { entry: 'ensure-stream.ts', handler: 'onEvent', ...limits });
    const isComplete = nodeFunction(this, 'StreamIsOn', {
      entry: 'ensure-stream.ts',
      handler: 'isComplete',
      ...limits,
    });
    const tableArns = SOURCES.map((source) => this.tableArn(source));
    onEvent.addToRolePolicy(
      // UpdateTable is what turns a stream on; the function sends nothing else with it.
      new PolicyStatement({ actions: ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'], resources: tableArns }),
    );
    isComplete.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:DescribeTable'], resources: tableArns }));
    return new Provider(this, 'StreamProvider', { onEventHandler: onEvent, isCompleteHandler: isComplete });
  }
}
