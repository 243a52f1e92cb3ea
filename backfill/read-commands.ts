import { type Command, Option } from 'commander';
import { STAGES } from '../functions/flag/stages.ts';
import {
  addCommand,
  percentage,
  portNumber,
  wholeNumber,
  withExecute,
  withPromotion,
  withReason,
} from './command-options.ts';
import type { MakeAction } from './make-action.ts';

/** The commands that show where reads are, and move them. */
export function addReadCommands(program: Command, run: MakeAction): void {
  const status = addCommand(
    program,
    'status',
    'show how far the migration is, and the next step',
    'status --env production',
    'status --env production --watch',
  )
    .addOption(new Option('--watch', 'show it again and again, until interrupted').conflicts('wait').default(false))
    .option('--wait', 'wait until the running command or deployment has finished, then show it', false);
  status.action(run(() => import('./commands/status/status-command.ts'), 'statusCommand'));

  withExecute(
    withPromotion(
      addCommand(
        program,
        'stage',
        'show the effect of a change of the read flag; with --execute deploy it',
        'stage shadow --env production --execute',
        'stage new --percent 1 --env production --execute --wait',
      )
        .addArgument(program.createArgument('<stage>', 'the tables that answer reads').choices(STAGES))
        .option('--percent <number>', 'percentage of tenants that read the new tables', percentage)
        .option('--tenant <id...>', 'tenants that read the new tables at any percentage', [])
        .option('--lag-bound-ms <number>', 'a caller who wrote less than this ago reads the old tables', wholeNumber)
        .option('--wait', 'wait until the deployment is complete, or was rolled back', false),
    ),
    'deploy the flag',
  ).action(run(() => import('./commands/flag/stage-command.ts'), 'stageCommand'));

  addCommand(
    program,
    'cockpit',
    'serve a page on this machine to watch and steer the cutover, until interrupted',
    'cockpit --env production --read-only',
  )
    .option('--port <number>', 'the port of the page (default: a free one)', portNumber)
    .option('--read-only', 'the page changes nothing', false)
    .action(run(() => import('./cockpit/cockpit-command.ts'), 'cockpitCommand'));

  withReason(
    addCommand(
      program,
      'fallback',
      'put all reads back on the old tables at once',
      'fallback --env production',
      'fallback --hard --env production',
    )
      .option('--hard', 'also set the kill switch, which works without AppConfig', false)
      .addOption(new Option('--lift', 'take the kill switch away').conflicts('hard').default(false)),
  ).action(run(() => import('./commands/flag/fallback-command.ts'), 'fallbackCommand'));

  addCommand(
    program,
    'report',
    'write the audit bundle: what was done, found, accepted and deployed, by whom and when',
    'report --env production --out audit',
  )
    .option('--out <dir>', 'an empty or new folder (default: a new one in the temporary folder)')
    .action(run(() => import('./commands/report/report-command.ts'), 'reportCommand'));

  withExecute(
    addCommand(
      program,
      'retire',
      'show what still blocks deleting the old tables; with --execute take the last backups',
      'retire --env production',
      'retire --accept-held --by "Ada Lovelace" --env production --execute',
    )
      .option('--accept-held', 'accept that held records get no row in the new tables', false)
      .option('--by <name>', 'who accepts the held records'),
    'take the backups, then list the steps to delete the old tables',
  ).action(run(() => import('./commands/retire/retire-command.ts'), 'retireCommand'));
}
