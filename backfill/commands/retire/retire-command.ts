import { setTimeout as sleep } from 'node:timers/promises';
import { readFlagState } from '../../../functions/flag/deployments.ts';
import { type Blocker, describeBlocker } from '../../../functions/gate/missing-evidence.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { type Backup, type Backups, dynamoBackups } from '../../../functions/tables/dynamo/backups.ts';
import { storedRolling } from '../../../functions/validation/rolling-state.ts';
import { operatorOf } from '../../account/operator.ts';
import { type Environment, gateOf, openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { openFlag } from '../flag/open-flag.ts';
import { takeLastBackups } from './last-backups.ts';
import {
  isForBackup,
  RETIRED_ROLES,
  type RetiredRole,
  type RetireEvidence,
  whatKeepsOldTables,
} from './what-keeps-old-tables.ts';

export interface RetireOptions {
  readonly env: string;
  readonly acceptHeld: boolean;
  readonly by?: string;
  readonly execute: boolean;
}

/** `retire`: what still blocks deleting the old tables; with `--execute` the last backups and the steps. It deletes nothing. */
export async function retireCommand(options: RetireOptions, stop: AbortSignal): Promise<CommandResult> {
  if (options.acceptHeld !== (options.by !== undefined)) {
    throw new MigrationError(
      'SETTINGS_RETIRE',
      '--accept-held and --by NAME go together: a person must accept the held records.',
      {
        nextStep: 'For example: kpi-migrate retire --accept-held --by "Ada Lovelace"',
      },
    );
  }
  const environment = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  const { client, settings } = environment;
  const backups = dynamoBackups(client);
  const evidence = await gather(environment, backups, options.acceptHeld);
  const open = whatKeepsOldTables(evidence, gateOf(environment).limits, Date.now());
  const blocking = options.execute ? open.filter((refusal) => !isForBackup(refusal)) : open;
  if (blocking.length > 0) return stillKept(blocking);
  if (!options.execute) {
    return {
      exitCode: EXIT.done,
      document: { open, executed: false },
      lines: ['Nothing blocks deleting the old tables.'],
      next: 'execute',
    };
  }
  return takeLastBackups({
    backups,
    control: environment.tables.control,
    settings,
    heldRecords: evidence.report?.counts.held ?? 0,
    heldAcceptedBy: options.by,
    by: operatorOf(environment.caller),
    nowMs: Date.now,
    sleep: (ms) => sleep(ms, undefined, { signal: stop }),
    note: (message) => process.stderr.write(`${message}\n`),
  });
}

function stillKept(open: readonly Blocker[]): CommandResult {
  return {
    exitCode: EXIT.failed,
    document: { open, executed: false },
    lines: ['The old tables must stay:', ...open.map(describeBlocker)],
  };
}

async function gather(environment: Environment, backups: Backups, heldAccepted: boolean): Promise<RetireEvidence> {
  const { settings, tables } = environment;
  const flag = await openFlag(settings);
  return {
    ...(await gateOf(environment).evidence()),
    flag: await readFlagState(flag.client, flag.ids),
    rolling: await storedRolling(tables.control),
    backups: await listAll(backups, settings.tables),
    heldAccepted,
  };
}

async function listAll(
  backups: Backups,
  names: Readonly<Record<RetiredRole, string>>,
): Promise<Readonly<Record<RetiredRole, readonly Backup[]>> | undefined> {
  try {
    const lists = await Promise.all(
      RETIRED_ROLES.map(async (role) => [role, await backups.list(names[role])] as const),
    );
    return Object.fromEntries(lists) as Record<RetiredRole, readonly Backup[]>;
  } catch (error) {
    // Not swallowed: it becomes a blocker beside all others.
    if (error instanceof MigrationError && error.kind === 'unsupported') return undefined;
    throw error;
  }
}
