import { randomUUID } from 'node:crypto';
import { messageOf } from '../functions/model/migration-error.ts';
import { noteOperation, type Operation } from '../functions/tables/control/operations.ts';
import { openEnvironment, operatorName } from './environment.ts';
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
  const begun: Operation = {
    command,
    arguments: words.slice(command.split(' ').length),
    operator: operatorName(),
    startedAt: new Date().toISOString(),
    ...(reason !== undefined && { reason }),
  };
  if (noteBegin) await note(env, begun, token, false);
  return {
    end: (exitCode: number, outcome: string): Promise<void> =>
      note(env, { ...begun, endedAt: new Date().toISOString(), exitCode, outcome }, token, true),
  };
}

/** How long a record may take. */
const RECORD_WITHIN_MS = 5_000;

async function note(env: string, operation: Operation, token: string, isTold: boolean): Promise<void> {
  try {
    const { tables } = await openEnvironment(env);
    await within(RECORD_WITHIN_MS, noteOperation(tables.control, operation, token));
  } catch (error) {
    if (isTold) process.stderr.write(`This command is not in the record of operations: ${messageOf(error)}\n`);
  }
}
