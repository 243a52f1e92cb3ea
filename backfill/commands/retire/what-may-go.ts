import { LOOK_UP_TABLE_OF } from '../../../functions/migration/tables.ts';
import type { Settings } from '../../../infra/settings.ts';
import { stackNames } from '../../../infra/stack-names.ts';
import { RETIRED_ROLES } from './what-keeps-old-tables.ts';

/** A step for a person. This tool does none of them. */
export interface RetireStep {
  readonly who: string;
  readonly what: string;
  readonly commands: readonly string[];
}

/** What may be deleted, in order, by whom, and how. Pure. */
export function whatMayGo({ name, region, tables }: Pick<Settings, 'name' | 'region' | 'tables'>): RetireStep[] {
  const names = RETIRED_ROLES.map((role) => tables[role]);
  const stacks = stackNames(name);
  const destroying = (stack: string) => [
    `aws cloudformation update-termination-protection --region ${region} --stack-name ${stack} --no-enable-termination-protection`,
    `npx cdk destroy ${stack} -c environment=${name}`,
  ];
  return [
    {
      who: 'The service team',
      what: 'Release a version that neither reads nor writes the old tables and does not use the read flag. Without a flag, readers use the old tables.',
      commands: [],
    },
    {
      who: 'Whoever deploys the migration',
      what: 'Remove the functions, the gate and the read API. Tables, streams and failed changes stay.',
      commands: destroying(stacks.migration),
    },
    {
      who: 'The owner of the old tables',
      what: `Delete ${names.join(', ')}. The look-up tables ${tables[LOOK_UP_TABLE_OF.kpi]} and ${tables[LOOK_UP_TABLE_OF.person]} stay.`,
      commands: names.flatMap((table) => [
        `aws dynamodb update-table --region ${region} --table-name ${table} --no-deletion-protection-enabled`,
        `aws dynamodb delete-table --region ${region} --table-name ${table}`,
      ]),
    },
    {
      who: 'Whoever deploys the migration',
      what: `Save reports and quarantine: kpi-migrate report --env ${name}. When nobody needs ${tables.control} any more, delete the stack of the state, which keeps all tables, and then the table.`,
      commands: [
        ...destroying(stacks.state),
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
