import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

/** Apart from the backfill's own partition: whoever keeps a budget reads it every few seconds. */
const PARTITION = 'spent';

const spent = z.object({
  runId: z.string(),
  readUnits: z.number().nonnegative(),
  writeUnits: z.number().nonnegative(),
  /** The budget at which this process stopped, since what was left was less than a page may cost. */
  stoppedAtBudgetUsd: z.number().positive().optional(),
});

/** What one process has taken for a run. */
export type Spent = z.infer<typeof spent>;

/** Each process has a row of its own, which it replaces. One that continues another's work may continue its row. */
export async function writeSpent(control: Pick<ControlTable, 'put'>, writer: string, value: Spent): Promise<void> {
  await control.put(PARTITION, writer, value);
}

/** What a run has taken so far, in all processes. */
export type RunSpent = Omit<Spent, 'runId'>;

/** @param exceptWriter whose row is left out. */
export async function readSpent(
  control: Pick<ControlTable, 'list'>,
  runId: string,
  exceptWriter?: string,
): Promise<RunSpent> {
  const all = await listSpent(control);
  const rows = all.filter(({ sort, value }) => value.runId === runId && sort !== exceptWriter);
  const stops = rows.flatMap(({ value }) => value.stoppedAtBudgetUsd ?? []);
  return {
    readUnits: rows.reduce((sum, { value }) => sum + value.readUnits, 0),
    writeUnits: rows.reduce((sum, { value }) => sum + value.writeUnits, 0),
    ...(stops.length > 0 && { stoppedAtBudgetUsd: Math.max(...stops) }),
  };
}

/** Removes the rows of other runs than this one; without one, of all runs. */
export async function deleteSpent(control: Pick<ControlTable, 'list' | 'delete'>, exceptRunId?: string): Promise<void> {
  for (const { sort, value } of await listSpent(control)) {
    if (value.runId !== exceptRunId) await control.delete(PARTITION, sort);
  }
}

/** The row of one process; undefined where it has none of this run. */
export async function readSpentBy(
  control: Pick<ControlTable, 'get'>,
  runId: string,
  writer: string,
): Promise<RunSpent | undefined> {
  const stored = await control.get(PARTITION, writer);
  const value = stored && spent.parse(stored);
  return value?.runId === runId ? value : undefined;
}

async function listSpent(control: Pick<ControlTable, 'list'>) {
  return (await control.list(PARTITION)).map(({ sort, value }) => ({ sort, value: spent.parse(value) }));
}
