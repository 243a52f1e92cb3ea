import { setTimeout as sleep } from 'node:timers/promises';
import { fallBack } from '../../../functions/flag/fall-back.ts';
import { readSettings } from '../../../infra/settings.ts';
import { operatorName } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { openFlag } from './open-flag.ts';

/** `fallback`: puts all reads on the old tables at once. It has no plan step, because whoever needs it has no time for one. */
export async function fallbackCommand({ env }: { readonly env: string }): Promise<CommandResult> {
  const access = await openFlag(readSettings(env));
  const done = await fallBack(access, {
    by: operatorName(),
    sleep,
    note: (message) => process.stderr.write(`${message}\n`),
  });
  return {
    exitCode: EXIT.done,
    document: done,
    lines: [
      done.deployment === undefined ? 'All reads were already on the old tables.' : 'All reads are on the old tables.',
      'Readers follow when they next poll the flag, within 15 seconds.',
    ],
  };
}
