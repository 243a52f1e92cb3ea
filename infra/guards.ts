import { CustomResource } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { NEW_TABLES } from '../functions/migration/tables.ts';
import { acknowledgeFramework } from './acknowledge.ts';
import type { ControlTable } from './control-table.ts';
import type { NewTables } from './new-tables.ts';
import { keptLogs, nodeFunction } from './node-function.ts';
import type { ReadFlag } from './read-flag.ts';
import type { Settings } from './settings.ts';

export interface GuardsProps {
  readonly settings: Settings;
  readonly newTables: NewTables;
  readonly control: ControlTable;
  readonly readFlag: ReadFlag;
  readonly madeAt: Date;
}

/**
 * What protects the state, put on by every deployment, once everything exists: deletion protection of the tables, and the
 * gate on the flag's profile. Nothing takes them off: neither a rollback nor deleting this stack.
 */
export class Guards extends Construct {
  constructor(scope: Construct, id: string, { settings, newTables, control, readFlag, madeAt }: GuardsProps) {
    super(scope, id);
    const onEvent = nodeFunction(this, 'PutOn', {
      entry: 'put-guards-on',
      handler: 'onEvent',
      timeoutSeconds: 60,
      memoryMegabytes: 256,
    });
    onEvent.addToRolePolicy(
      // UpdateTable is what protects a table; the function sends nothing else with it.
      new PolicyStatement({
        actions: ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'],
        resources: [...NEW_TABLES.map((role) => newTables.arn(role)), control.tableArn],
      }),
    );
    readFlag.allowGuarding(onEvent);
    const provider = new Provider(this, 'Provider', {
      onEventHandler: onEvent,
      logGroup: keptLogs(this, 'ProviderLogs'),
    });
    acknowledgeFramework(provider, [onEvent]);
    new CustomResource(this, 'All', {
      resourceType: 'Custom::Guards',
      serviceToken: provider.serviceToken,
      properties: {
        TableNames: [...NEW_TABLES, 'control' as const].map((role) => settings.tables[role]),
        ApplicationId: readFlag.flag.applicationId,
        ConfigurationProfileId: readFlag.flag.profileId,
        GateArn: readFlag.gateArn,
        // CloudFormation runs a custom resource again only if a property has changed.
        MadeAt: madeAt.toISOString(),
      },
    });
  }
}
