import { setTimeout as sleep } from 'node:timers/promises';
import { fallBack } from '../../../functions/flag/fall-back.ts';
import { readSettings } from '../../../infra/settings.ts';
import { openEnvironment, operatorName } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { fallBackHard, liftKillSwitch } from './kill-switch.ts';
import { openFlag } from './open-flag.ts';

export interface FallbackOptions {
  readonly env: string;
  /** Also sets the kill switch, which works without AppConfig. */
  readonly hard: boolean;
  /** Takes the kill switch away. */
  readonly lift: boolean;
}

const FOLLOW = 'Readers follow when they next poll the flag, within 15 seconds.';

/** `fallback`: puts all reads on the old tables at once. It has no plan step, because whoever needs it has no time for one. */
export async function fallbackCommand({ env, hard, lift }: FallbackOptions): Promise<CommandResult> {
  const by = operatorName();
  const options = { by, sleep, note: (message: string) => process.stderr.write(`${message}\n`) };
  const settings = readSettings(env);
  if (lift) {
    const { tables } = await openEnvironment(env);
    await liftKillSwitch(tables.control, await openFlag(settings));
    const lines = ['The kill switch is off. The flag decides again, and all reads are on the old tables.'];
    return { exitCode: EXIT.done, document: { killSwitch: null }, lines };
  }
  if (hard) {
    const { tables } = await openEnvironment(env);
    const killSwitch = { at: new Date().toISOString(), by };
    const done = await fallBackHard(tables.control, killSwitch, () => openFlag(settings), options);
    const flag = 'unchanged' in done.flag ? [`AppConfig did not follow: ${done.flag.unchanged}`] : [];
    return { exitCode: EXIT.done, document: done, lines: ['All reads are on the old tables.', ...flag, FOLLOW] };
  }
  const done = await fallBack(await openFlag(settings), options);
  return {
    exitCode: EXIT.done,
    document: done,
    lines: [
      done.deployment === undefined ? 'All reads were already on the old tables.' : 'All reads are on the old tables.',
      FOLLOW,
    ],
  };
}
