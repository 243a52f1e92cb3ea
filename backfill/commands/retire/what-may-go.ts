import { LOOK_UP_TABLE_OF } from '../../../functions/migration/tables.ts';
import type { Settings } from '../../../infra/settings.ts';
import { RETIRED_ROLES } from './what-keeps-old-tables.ts';

/** A step that a person takes, by hand: nothing here is done by this tool. */
export interface RetireStep {
  readonly who: string;
  readonly what: string;
  readonly commands: readonly string[];
}

/** What may go, in order, by whom, and how. Pure. */
export function whatMayGo({ name, region, tables }: Pick<Settings, 'name' | 'region' | 'tables'>): RetireStep[] {
  const names = RETIRED_ROLES.map((role) => tables[role]);
  return [
    {
      who: 'the team of the service',
      what: 'Release a version that neither reads nor writes the old tables, and asks no read flag: where the flag is missing, reads go to the old tables.',
      commands: [],
    },
    {
      who: 'whoever deploys the migration',
      what: 'Take functions, gate and read API away. Tables, streams and failures stay.',
      commands: [`npx cdk destroy -c environment=${name}`],
    },
    {
      who: 'whoever owns the old tables',
      what: `Delete ${names.join(', ')}. The look-up tables ${tables[LOOK_UP_TABLE_OF.kpi]} and ${tables[LOOK_UP_TABLE_OF.person]} stay.`,
      commands: names.flatMap((table) => [
        `aws dynamodb update-table --region ${region} --table-name ${table} --no-deletion-protection-enabled`,
        `aws dynamodb delete-table --region ${region} --table-name ${table}`,
      ]),
    },
    {
      who: 'whoever deploys the migration',
      what: `Delete ${tables.control} when nobody asks for reports and quarantine any more: kpi-migrate report --env ${name} keeps them.`,
      commands: [
        `aws dynamodb update-table --region ${region} --table-name ${tables.control} --no-deletion-protection-enabled`,
        `aws dynamodb delete-table --region ${region} --table-name ${tables.control}`,
      ],
    },
  ];
}

export function describeSteps(steps: readonly RetireStep[]): string[] {
  return steps.flatMap(({ who, what, commands }, at) => [
    `${at + 1}. ${who}: ${what}`,
    ...commands.map((command) => `     ${command}`),
  ]);
}
