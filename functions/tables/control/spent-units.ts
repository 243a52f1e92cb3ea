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

export async function readSpent(control: Pick<ControlTable, 'list'>, runId: string): Promise<RunSpent> {
  return sumOf((await listSpent(control)).filter(({ value }) => value.runId === runId));
}

/** The same in two: by this process's row, and by all others. */
export async function readSpentApart(
  control: Pick<ControlTable, 'list'>,
  runId: string,
  writer: string,
): Promise<{ readonly own: RunSpent; readonly others: RunSpent }> {
  const rows = (await listSpent(control)).filter(({ value }) => value.runId === runId);
  const { own = [], others = [] } = Object.groupBy(rows, ({ sort }) => (sort === writer ? 'own' : 'others'));
  return { own: sumOf(own), others: sumOf(others) };
}

function sumOf(rows: readonly { readonly value: Spent }[]): RunSpent {
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

async function listSpent(control: Pick<ControlTable, 'list'>) {
  return (await control.list(PARTITION)).map(({ sort, value }) => ({ sort, value: spent.parse(value) }));
}
