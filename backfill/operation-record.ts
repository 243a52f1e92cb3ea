import { randomUUID } from 'node:crypto';
import { messageOf } from '../functions/model/migration-error.ts';
import { noteOperation, type Operation } from '../functions/tables/control/operations.ts';
import { operatorOf } from './account/operator.ts';
import { type Intent, openEnvironment } from './environment.ts';
import { within } from './within.ts';

export interface OperationToRecord {
  readonly env: string;
  readonly command: string;
  /** The whole command line, as it was given. */
  readonly words: readonly string[];
  readonly reason: string | undefined;
  /** Whether its beginning is recorded, too: then one that was killed shows. */
  readonly noteBegin: boolean;
}

/**
 * Records a command that changes something in the control table. What cannot be recorded is said, and stops nothing: before
 * the first deployment there is no control table, and a fallback must work without one.
 */
export async function beginOperation({ env, command, words, reason, noteBegin }: OperationToRecord) {
  const token = randomUUID();
  // A fallback is recorded whatever the settings are. Anything else writes nothing where these are not the deployed ones.
  const to = { env, token, intent: noteBegin ? 'write' : 'read' } as const;
  const begun: Omit<Operation, 'operator'> = {
    command,
    arguments: words.slice(command.split(' ').length),
    startedAt: new Date().toISOString(),
    ...(reason !== undefined && { reason }),
  };
  if (noteBegin) await note(to, begun, false);
  return {
    end: (exitCode: number, outcome: string): Promise<void> =>
      note(to, { ...begun, endedAt: new Date().toISOString(), exitCode, outcome }, true),
  };
}

/** How long a record may take. */
const RECORD_WITHIN_MS = 10_000;

interface RecordedIn {
  readonly env: string;
  readonly token: string;
  readonly intent: Intent;
}

async function note(to: RecordedIn, operation: Omit<Operation, 'operator'>, isTold: boolean): Promise<void> {
  try {
    // Opening the environment asks STS and DynamoDB, which may not answer either.
    await within(RECORD_WITHIN_MS, write(to, operation));
  } catch (error) {
    if (isTold) process.stderr.write(`This command is not in the record of operations: ${messageOf(error)}\n`);
  }
}

async function write({ env, token, intent }: RecordedIn, operation: Omit<Operation, 'operator'>): Promise<void> {
  const { tables, caller } = await openEnvironment(env, intent);
  await noteOperation(tables.control, { ...operation, operator: operatorOf(caller) }, token);
}
