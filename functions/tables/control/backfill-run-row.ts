import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

/** The rows of this partition are written under the backfill's lease only. */
export const BACKFILL_PARTITION = 'backfill';
const RUN_SORT = 'run';

const run = z.object({
  runId: z.string(),
  startedAt: z.iso.datetime(),
  /** Fixed for the whole run: a cursor means something only beside the number of segments it was made with. */
  totalSegments: z.number().int().positive(),
  /** Whether a run before it came to its end: from then on reads may be on the new tables. */
  isRepeat: z.boolean().default(false),
  finishedAt: z.iso.datetime().optional(),
});

/** One pass of the backfill through all old tables. A run that was stopped goes on; one that is finished is followed by a new one. */
export type Run = z.infer<typeof run>;

/** The present run or, where it is finished, the last one. Read strongly; undefined before the first and after a rollback. */
export async function readRun(control: Pick<ControlTable, 'get'>): Promise<Run | undefined> {
  const stored = await control.get(BACKFILL_PARTITION, RUN_SORT);
  return stored === undefined ? undefined : run.parse(stored);
}

export async function writeRun(control: Pick<ControlTable, 'put'>, row: Run): Promise<void> {
  await control.put(BACKFILL_PARTITION, RUN_SORT, row);
}

/** The next backfill then begins a first run. */
export async function deleteRun(control: Pick<ControlTable, 'delete'>): Promise<void> {
  await control.delete(BACKFILL_PARTITION, RUN_SORT);
}
