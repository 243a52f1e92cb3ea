import * as z from 'zod';
import { readFlagState } from '../../functions/flag/deployments.ts';
import { messageOf } from '../../functions/model/migration-error.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { heldList } from '../commands/backfill/backfill-command.ts';
import { fallbackCommand } from '../commands/flag/fallback-command.ts';
import { openFlag } from '../commands/flag/open-flag.ts';
import { stageCommand } from '../commands/flag/stage-command.ts';
import { beginOperation } from '../operation-record.ts';
import { type CommandResult, EXIT, failureOf, forEnvironment } from '../outcome.ts';

/** What a page may ask for. Nothing else changes anything. */
export const actionSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('fallback') }),
  z.strictObject({
    action: z.literal('stage'),
    stage: z.enum(['shadow', 'new']),
    percent: z.number().min(0).max(100).optional(),
    execute: z.boolean(),
  }),
  z.strictObject({ action: z.literal('held') }),
]);

export type Action = z.infer<typeof actionSchema>;

/** What came of an action, as the command would say it. */
export interface ActionResult {
  readonly isDone: boolean;
  readonly lines: readonly string[];
}

/** Whether it moves reads. */
export function changesReads(action: Action): boolean {
  return action.action === 'fallback' || (action.action === 'stage' && action.execute);
}

/** Does what the command of the same name does, and records it as that. */
export async function perform(action: Action, env: string, stop: AbortSignal): Promise<ActionResult> {
  const words = wordsOf(action);
  const record = changesReads(action)
    ? await beginOperation({ env, command: action.action, words, reason: 'from the cockpit', noteBegin: false })
    : undefined;
  try {
    const { exitCode, lines } = await run(action, env, stop);
    await record?.end(exitCode, lines.at(-1) ?? '');
    return { isDone: exitCode === EXIT.done, lines };
  } catch (error) {
    const { code, message, nextStep, exitCode } = forEnvironment(failureOf(error), env);
    await record?.end(exitCode, `${code}: ${messageOf(error)}`);
    return { isDone: false, lines: [`${code}: ${message}`, ...(nextStep === undefined ? [] : [nextStep])] };
  }
}

async function run(action: Action, env: string, stop: AbortSignal): Promise<CommandResult> {
  if (action.action === 'fallback') return fallbackCommand({ env, hard: false, lift: false });
  if (action.action === 'held') return heldList({ env }, stop);
  const { stage, percent, execute } = action;
  const kept = stage === 'new' ? await deployedShare(env) : {};
  const options = { env, stage, tenant: [], execute, wait: false, ...kept, ...(percent !== undefined && { percent }) };
  return stageCommand(options, stop);
}

/** What a wider percentage must not take away: the tenants that are named, and the bound of the lag. */
async function deployedShare(
  env: string,
): Promise<{ readonly tenant?: readonly string[]; readonly lagBoundMs?: number }> {
  const { client, ids } = await openFlag(readSettings(env));
  const { deployed } = await readFlagState(client, ids);
  if (!deployed?.enabled) return {};
  return { tenant: deployed.stage === 'new' ? deployed.tenants : [], lagBoundMs: deployed.lagBoundMs };
}

function wordsOf(action: Action): string[] {
  if (action.action !== 'stage') return [action.action];
  const { stage, percent, execute } = action;
  return [
    ...['stage', stage],
    ...(percent === undefined ? [] : ['--percent', String(percent)]),
    ...(execute ? ['--execute'] : []),
  ];
}
