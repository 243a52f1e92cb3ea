import { Aspects, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { bySource } from '../functions/migration/sources.ts';
import { BackfillWorkflow } from './backfill-workflow.ts';
import { ControlTrail } from './control-trail.ts';
import { Dashboard } from './dashboard.ts';
import { Guards } from './guards.ts';
import { KeyRights } from './key-rights.ts';
import { Observability } from './observability.ts';
import { OldTables } from './old-tables.ts';
import { Operators } from './operators.ts';
import { PublishedSettings } from './published-settings.ts';
import { ReadApi } from './read-api.ts';
import { ReadFlag } from './read-flag.ts';
import { ReplicationHealth } from './replication-health.ts';
import type { Settings } from './settings.ts';
import type { StateStack } from './state-stack.ts';
import { StreamSync } from './stream-sync.ts';
import { RollingValidation } from './validation.ts';

export interface MigrationStackProps extends StackProps {
  readonly settings: Settings;
  readonly state: StateStack;
  /** When this template was made: what has to run at every deployment takes it for a change. */
  readonly madeAt: Date;
}

/** Everything that can be deleted and deployed again, in the order in which data flows through it. */
export class MigrationStack extends Stack {
  constructor(scope: Construct, id: string, { settings, state, madeAt, ...props }: MigrationStackProps) {
    super(scope, id, {
      ...props,
      description: 'Replicates the old KPI tables into the new ones while the service keeps writing.',
    });
    new PublishedSettings(this, 'PublishedSettings', settings);
    const oldTables = new OldTables(this, 'OldTables', settings, madeAt);
    const { newTables, control, failures, flag } = state;
    const sync = new StreamSync(this, 'StreamSync', { settings, oldTables, newTables, control, failures });
    const observability = new Observability(this, 'Observability', { settings, sync });
    const { rollbackAlarms } = observability;
    const readFlag = new ReadFlag(this, 'ReadFlag', { settings, control, flag, rollbackAlarms });
    new Guards(this, 'Guards', { settings, newTables, control, readFlag, madeAt });
    const { workflow } = settings.backfill;
    if (workflow !== undefined) {
      const { memoryMegabytes } = workflow;
      new BackfillWorkflow(this, 'Workflow', { settings, memoryMegabytes, oldTables, newTables, control });
    }
    const validation = new RollingValidation(this, 'Validation', { settings, oldTables, newTables, control, readFlag });
    observability.tellOfErrors('Validation', validation.validate, 'Validation');
    new ReplicationHealth(this, 'ReplicationHealth', { settings, oldTables, control, sync });
    const { callers } = settings.readPath;
    if (callers !== undefined) {
      const { read } = new ReadApi(this, 'ReadPath', { settings, callers, oldTables, newTables, readFlag, control });
      observability.tellOfErrors('ReadPath', read, 'Reads and the flag');
    }
    const replicate = bySource((source) => sync.streams[source].replicate);
    new Operators(this, 'Operators', { settings, failures, readFlag });
    if (settings.audit.controlTableEvents) new ControlTrail(this, 'ControlTrail', { settings, control });
    Aspects.of(this).add(new KeyRights(this, settings, failures.importedArn));
    new Dashboard(this, 'Dashboard', { settings, alarms: observability.alarms, replicate });
  }
}
