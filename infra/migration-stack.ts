import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ControlTable } from './control-table.ts';
import { NewTables } from './new-tables.ts';
import { Observability } from './observability.ts';
import { OldTables } from './old-tables.ts';
import { PublishedSettings } from './published-settings.ts';
import { ReadApi } from './read-api.ts';
import { ReadFlag } from './read-flag.ts';
import { ReplicationHealth } from './replication-health.ts';
import type { Settings } from './settings.ts';
import { StreamSync } from './stream-sync.ts';
import { RollingValidation } from './validation.ts';

export interface MigrationStackProps extends StackProps {
  readonly settings: Settings;
}

/** The migration of one environment, in the order in which data flows through it. */
export class MigrationStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: MigrationStackProps) {
    super(scope, id, {
      ...props,
      env: { account: settings.account, region: settings.region },
      description: 'Replicates the old KPI tables into the new ones while the service keeps writing.',
    });
    new PublishedSettings(this, 'PublishedSettings', settings);
    const oldTables = new OldTables(this, 'OldTables', settings);
    const newTables = new NewTables(this, 'NewTables', settings);
    const control = new ControlTable(this, 'Control', settings);
    // What is wrong with an old table stops a first deployment before it leaves tables behind that the next one would find.
    for (const created of [newTables, control]) created.node.addDependency(oldTables);
    const sync = new StreamSync(this, 'StreamSync', { settings, oldTables, newTables, control });
    const observability = new Observability(this, 'Observability', { settings, sync });
    const { rollbackAlarms } = observability;
    const readFlag = new ReadFlag(this, 'ReadFlag', { settings, control, rollbackAlarms });
    const validation = new RollingValidation(this, 'Validation', { settings, oldTables, newTables, control, readFlag });
    observability.tellOfErrors('Validation', validation.validate);
    new ReplicationHealth(this, 'ReplicationHealth', { settings, oldTables, control, sync });
    const { callers } = settings.readPath;
    if (callers !== undefined) {
      const { read } = new ReadApi(this, 'ReadPath', { settings, callers, oldTables, newTables, readFlag });
      observability.tellOfErrors('ReadPath', read);
    }
  }
}
