import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

const PARTITION = 'rollback';
const LAST_SORT = 'last';

const rollback = z.object({
  begunAt: z.iso.datetime(),
  by: z.string(),
  endedAt: z.iso.datetime().optional(),
});

/**
 * The last rollback of the new tables. While it has no end their rows may be going; a validation from before its end has seen
 * rows that are gone.
 */
export type Rollback = z.infer<typeof rollback>;

/** Read strongly; undefined where there never was one. */
export async function readRollback(control: Pick<ControlTable, 'get'>): Promise<Rollback | undefined> {
  const stored = await control.get(PARTITION, LAST_SORT);
  return stored === undefined ? undefined : rollback.parse(stored);
}

export async function writeRollback(control: Pick<ControlTable, 'put'>, row: Rollback): Promise<void> {
  await control.put(PARTITION, LAST_SORT, row);
}

/** As if it had never begun. */
export async function deleteRollback(control: Pick<ControlTable, 'delete'>): Promise<void> {
  await control.delete(PARTITION, LAST_SORT);
}
