import type { Command } from 'commander';
import { addCommand, dollars, unitsPerSecond, withExecute } from './command-options.ts';
import type { MakeAction } from './make-action.ts';

/** The commands that steer a backfill which runs in another terminal. */
export function addSteerCommands(program: Command, run: MakeAction): void {
  const steer = () => import('./commands/steer/steer-commands.ts');

  withExecute(
    addCommand(
      program,
      'pause',
      'show what a pause would hold; with --execute a running backfill, rollback or reseed waits',
      'pause --env production --execute --reason "the service is slow"',
    ),
    'pause it',
  ).action(run(steer, 'pauseCommand'));

  withExecute(
    addCommand(
      program,
      'resume',
      'show what would go on; with --execute what was paused goes on',
      'resume --env production --execute',
    ),
    'let it go on',
  ).action(run(steer, 'resumeCommand'));

  withExecute(
    addCommand(
      program,
      'retune',
      'show other ceilings and budget for the run; with --execute a running backfill keeps to them',
      'retune --write-units 500 --env production --execute',
      'retune --budget-usd 20 --env production --execute',
    )
      .option('--write-units <number>', 'write units a second, of all tables that it writes', unitsPerSecond)
      .option('--read-units <number>', 'read units a second from each table of the service', unitsPerSecond)
      .option('--budget-usd <amount>', 'US dollars that the run may cost, in all processes', dollars),
    'set them',
  ).action(run(steer, 'retuneCommand'));
}
