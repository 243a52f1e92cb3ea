import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../../../functions/account/caller.ts';
import { fallBack } from '../../../functions/flag/fall-back.ts';
import type { ErrorCode } from '../../../functions/model/error-codes.ts';
import { MigrationError, messageOf } from '../../../functions/model/migration-error.ts';
import type { Tables } from '../../../functions/tables/dynamo-tables.ts';
import type { Settings } from '../../../infra/settings.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { nameAwsFailure } from '../../account/aws-failure.ts';
import { callerOf } from '../../account/check-account.ts';
import { operatorOf } from '../../account/operator.ts';
import { openUnchecked } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { consoleSteps } from './console-steps.ts';
import { fallBackHard, liftKillSwitch } from './kill-switch.ts';
import { openFlag } from './open-flag.ts';

export interface FallbackOptions {
  readonly env: string;
  /** Also sets the kill switch, which works without AppConfig. */
  readonly hard?: boolean;
  /** Takes the kill switch away. */
  readonly lift?: boolean;
}

const FOLLOW = 'Readers follow when they next poll the flag, within 15 seconds.';

/** `fallback`: puts all reads on the old tables at once. It has no plan step, because whoever needs it has no time for one. */
export async function fallbackCommand(options: FallbackOptions): Promise<CommandResult> {
  try {
    return await fallBackIn(readSettings(options.env), options);
  } catch (error) {
    throw withConsoleSteps(error, options.env);
  }
}

async function fallBackIn(settings: Settings, { hard, lift }: FallbackOptions): Promise<CommandResult> {
  const note = (message: string) => process.stderr.write(`${message}\n`);
  try {
    const by = operatorOf(await callerIfKnown(settings, note));
    const { control } = openUnchecked(settings).tables;
    if (lift) return await liftIn(settings, control);
    const options = { by, sleep, note };
    if (hard) {
      const done = await fallBackHard(control, { at: new Date().toISOString(), by }, () => openFlag(settings), options);
      const flag = 'unchanged' in done.flag ? [`AppConfig did not follow: ${done.flag.unchanged}`] : [];
      return { exitCode: EXIT.done, document: done, lines: ['All reads are on the old tables.', ...flag, FOLLOW] };
    }
    const done = await fallBack(await openFlag(settings), options);
    const moved = done.deployment !== undefined;
    return {
      exitCode: EXIT.done,
      document: done,
      lines: [moved ? 'All reads are on the old tables.' : 'All reads were already on the old tables.', FOLLOW],
    };
  } catch (error) {
    throw nameAwsFailure(error, settings);
  }
}

async function liftIn(settings: Settings, control: Tables['control']): Promise<CommandResult> {
  await liftKillSwitch(control, await openFlag(settings));
  const lines = ['The kill switch is off. The flag decides again, and all reads are on the old tables.'];
  return { exitCode: EXIT.done, document: { killSwitch: null }, lines };
}

/**
 * A fallback needs AppConfig and nothing else, so STS must not stop it. Only the answer that this is another account does:
 * the flag of that account would move, and reads here would stay where they are.
 */
async function callerIfKnown(settings: Settings, note: (message: string) => void): Promise<Caller | undefined> {
  try {
    return await callerOf(settings);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    note(`Warning: nobody could say whose credentials these are (${messageOf(error)}). The fallback goes on.`);
    return undefined;
  }
}

/** Reads are on the old tables already when these are thrown; their own next step is what is left. */
const AFTER_FALLBACK: ReadonlySet<ErrorCode> = new Set(['FLAG_UNGATED', 'FLAG_UNWATCHED']);

function withConsoleSteps(error: unknown, environmentName: string): MigrationError {
  if (error instanceof MigrationError) {
    if (AFTER_FALLBACK.has(error.code)) return error;
    const { code, message, retryable, cause, nextStep } = error;
    const steps = [...(nextStep === undefined ? [] : [nextStep]), consoleSteps(environmentName)].join('\n');
    return new MigrationError(code, message, { retryable, cause, nextStep: steps });
  }
  return new MigrationError('FALLBACK_FAILED', `The fallback failed: ${messageOf(error)}`, {
    cause: error,
    nextStep: `Run it again: kpi-migrate fallback --env ${environmentName}\n${consoleSteps(environmentName)}`,
  });
}
