import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SOURCES } from '../functions/migration/sources.ts';
import { LISTED_BY, LOOK_UP_TABLE_OF, NEW_DATA, NEW_LINKS, NEW_TABLES } from '../functions/migration/tables.ts';
import type { ControlTable } from './control-table.ts';
import type { NewTables } from './new-tables.ts';
import { nodeFunction } from './node-function.ts';
import type { OldTables } from './old-tables.ts';
import type { ReadFlag } from './read-flag.ts';
import type { Settings } from './settings.ts';

export interface RollingValidationProps {
  readonly settings: Settings;
  readonly oldTables: OldTables;
  readonly newTables: NewTables;
  readonly control: ControlTable;
  readonly readFlag: ReadFlag;
}

/** Ends before the next one begins, at the shortest interval that the settings take. */
const TIMEOUT_SECONDS = 840;
const MEMORY_MEGABYTES = 1_024;

/** Of all tables together: a few percent of the 12,000 that a new on-demand table serves (Developer Guide, "On-demand capacity mode"). */
const READ_UNITS_PER_SECOND_DEFAULT = 500;

/** The standing validation: a part of the key space each time, all parts in a round, and then again. */
export class RollingValidation extends Construct {
  readonly validate: IFunction;

  constructor(scope: Construct, id: string, props: RollingValidationProps) {
    super(scope, id);
    const { settings } = props;
    this.validate = this.validateFunction(props);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(settings.validation.rollingEveryMinutes)),
      // What was missed is made up for by the next one, which continues where the last one ended.
      targets: [new LambdaFunction(this.validate, { retryAttempts: 0 })],
    });
    if (settings.validation.fallbackOnDisagreement) props.readFlag.allowFallback(this.validate);
  }

  private validateFunction({ settings, oldTables, newTables, control, readFlag }: RollingValidationProps): IFunction {
    const { heldRecords, validation } = settings;
    const validate = nodeFunction(this, 'Validate', {
      entry: 'validate-rolling',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMegabytes: MEMORY_MEGABYTES,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        HELD_RECORDS: heldRecords,
        ENVIRONMENT_NAME: settings.name,
        ROLLING_PARTS: String(validation.rollingParts),
        PAUSE_SECONDS: String(validation.pauseSeconds),
        PATIENCE_SECONDS: String(validation.patienceSeconds),
        MAX_READ_UNITS_PER_SECOND: String(validation.rollingMaxReadUnitsPerSecond ?? READ_UNITS_PER_SECOND_DEFAULT),
        ...(validation.fallbackOnDisagreement && {
          FLAG_APPLICATION_ID: readFlag.flag.applicationId,
          FLAG_ENVIRONMENT_ID: readFlag.environmentId,
          FLAG_PROFILE_ID: readFlag.flag.profileId,
          FALLBACK_STRATEGY_ID: readFlag.flag.fallbackStrategyId,
        }),
      },
      retryAttempts: 0,
    });
    const allow = (actions: string[], resources: string[]) =>
      validate.addToRolePolicy(new PolicyStatement({ actions, resources }));
    const newArns = NEW_TABLES.map((role) => newTables.arn(role));
    allow(['dynamodb:Scan'], [oldTables.tableArn('links'), ...newArns]);
    allow(
      ['dynamodb:BatchGetItem'],
      [
        ...SOURCES.map((source) => oldTables.tableArn(source)),
        oldTables.arn(LOOK_UP_TABLE_OF.kpi),
        ...newArns,
        control.tableArn,
      ],
    );
    allow(
      ['dynamodb:Query'],
      [
        ...SOURCES.map((source) => oldTables.tableArn(source, `/index/${LISTED_BY.kpi.index}`)),
        oldTables.arn(LOOK_UP_TABLE_OF.person, `/index/${LISTED_BY.user.index}`),
        newTables.arn(NEW_LINKS, `/index/${LISTED_BY.kpi.index}`),
        newTables.arn(NEW_DATA, `/index/${LISTED_BY.link.index}`),
        control.tableArn,
      ],
    );
    allow(['dynamodb:GetItem', 'dynamodb:PutItem'], [control.tableArn]);
    return validate;
  }
}
