import { flagNames, strategyName } from '../../../functions/flag/names.ts';

/** How to put reads back on the old tables without this tool, as runbook.md has it. */
export function consoleSteps(environmentName: string): string {
  const { application, environment, profile } = flagNames(environmentName);
  return [
    'Without this tool, in the AWS console:',
    `  1. In AppConfig, open application ${application}, environment ${environment}.`,
    '  2. Stop the deployment in progress.',
    `  3. Deploy version 1 of ${profile} with the strategy ${strategyName(environmentName, 'fallback')}.`,
    '  4. If an alarm rolls it back, edit the environment: remove the alarms, deploy again, and add them again.',
  ].join('\n');
}
