import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { RECORD_SOURCES, SOURCES } from '../functions/migration/sources.ts';
import { LISTED_BY, LOOK_UP_TABLE_OF, NEW_DATA, NEW_TABLES } from '../functions/migration/tables.ts';
import type { ControlTable } from './control-table.ts';
import type { NewTables } from './new-tables.ts';
import type { OldTables } from './old-tables.ts';
import type { Settings } from './settings.ts';

export interface ReplicationTables {
  readonly oldTables: OldTables;
  readonly newTables: NewTables;
  readonly control: ControlTable;
}

/** What a function that runs the protocol reads from its environment (functions/runtime/settings.ts). */
export function replicationVariables(settings: Settings): Record<string, string> {
  return {
    TABLE_NAMES: JSON.stringify(settings.tables),
    HELD_RECORDS: settings.heldRecords,
    TOKEN_RETENTION_DAYS: String(settings.tokenRetentionDays),
    RECORD_CONCURRENCY: String(settings.replication.recordConcurrency),
  };
}

/** Lets a function do so to these resources. Actions are DynamoDB's, without its prefix. */
export function allowTables(grantee: IFunction, actions: readonly string[], resources: string[]): void {
  const named = actions.map((action) => `dynamodb:${action}`);
  grantee.addToRolePolicy(new PolicyStatement({ actions: named, resources }));
}

/** What the protocol asks of the tables (functions/sync): all that a stream's function may do, and part of what a copier may. */
export function allowReplication(grantee: IFunction, { oldTables, newTables, control }: ReplicationTables): void {
  const allow = (actions: readonly string[], resources: string[]): void => allowTables(grantee, actions, resources);
  allow(['GetItem'], [oldTables.tableArn('links'), oldTables.arn(LOOK_UP_TABLE_OF.kpi)]);
  // One item is read by GetItem; links of one KPI and records of one id are read together.
  allow(
    ['BatchGetItem'],
    SOURCES.map((source) => oldTables.tableArn(source)),
  );
  allow(
    ['Query'],
    [
      ...RECORD_SOURCES.map((source) => oldTables.tableArn(source, `/index/${LISTED_BY.kpi.index}`)),
      oldTables.arn(LOOK_UP_TABLE_OF.person, `/index/${LISTED_BY.user.index}`),
    ],
  );
  // Transactions are authorised by the actions of their items.
  allow(
    ['GetItem', 'PutItem', 'DeleteItem'],
    NEW_TABLES.map((role) => newTables.arn(role)),
  );
  allow(['ConditionCheckItem'], [newTables.arn(NEW_DATA)]);
  allow(['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'], [control.tableArn]);
}
