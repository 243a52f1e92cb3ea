import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ControlTable } from './control-table.ts';
import { FailureBucket } from './failure-bucket.ts';
import { FlagApplication } from './flag-application.ts';
import { NewTables } from './new-tables.ts';
import type { Settings } from './settings.ts';

export interface StateStackProps extends StackProps {
  readonly settings: Settings;
}

/**
 * What must outlive the code: tables, failures and the flag's versions. It depends on nothing, so that a deployment that
 * fails elsewhere never touches it. No resource has a DependsOn or names one that cannot be imported, so that
 * `cdk import` can take back what a deleted stack has left (CloudFormation User Guide, "Import AWS resources into a
 * CloudFormation stack": an import may add nothing but the resources it imports).
 */
export class StateStack extends Stack {
  readonly newTables: NewTables;
  readonly control: ControlTable;
  readonly failures: FailureBucket;
  readonly flag: FlagApplication;

  constructor(scope: Construct, id: string, { settings, ...props }: StateStackProps) {
    super(scope, id, { ...props, description: 'Tables, failures and read flag of the KPI migration.' });
    this.newTables = new NewTables(this, 'NewTables', settings);
    this.control = new ControlTable(this, 'Control', settings);
    this.failures = new FailureBucket(this, 'Failures', settings);
    this.flag = new FlagApplication(this, 'ReadFlag', settings);
  }
}
