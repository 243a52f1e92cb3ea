import * as z from 'zod';
import { compareText } from '../../model/instant.ts';
import type { ControlTable } from './control-table.ts';

const PARTITION = 'operations';

const operation = z.object({
  /** The command, with its subcommand. */
  command: z.string(),
  /** The words after it, as they were given. */
  arguments: z.array(z.string()),
  operator: z.string(),
  reason: z.string().optional(),
  startedAt: z.iso.datetime(),
  /** Absent while it runs, and after it was killed. */
  endedAt: z.iso.datetime().optional(),
  exitCode: z.number().int().optional(),
  /** What came of it, in a sentence. */
  outcome: z.string().optional(),
});

/** A command that changes something: who ran it, when, why, and what came of it. */
export type Operation = z.infer<typeof operation>;

/** Notes an operation. Noted again with the same token, it replaces the note: at its end it is noted with its outcome. */
export async function noteOperation(
  control: Pick<ControlTable, 'put'>,
  noted: Operation,
  token: string,
): Promise<void> {
  await control.put(PARTITION, `${noted.startedAt}#${token}`, { ...noted });
}

/** All operations, oldest first, read strongly. */
export async function readOperations(control: Pick<ControlTable, 'list'>): Promise<readonly Operation[]> {
  const rows = await control.list(PARTITION);
  return rows.toSorted((left, right) => compareText(left.sort, right.sort)).map(({ value }) => operation.parse(value));
}
