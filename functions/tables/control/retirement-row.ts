import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

const PARTITION = 'retirement';
const LAST_SORT = 'last';

const retirement = z.object({
  at: z.iso.datetime(),
  by: z.string(),
  /** Who answers for records that have no row in the new tables, and how many these were. */
  acceptedHeld: z.object({ by: z.string(), records: z.number().int().positive() }).optional(),
  backupArns: z.array(z.string()),
});

/** When all was found ready for the old tables to go: who said so, and the last backups. */
export type Retirement = z.infer<typeof retirement>;

/** Undefined where the old tables were never found ready to go. */
export async function readRetirement(control: Pick<ControlTable, 'get'>): Promise<Retirement | undefined> {
  const stored = await control.get(PARTITION, LAST_SORT);
  return stored === undefined ? undefined : retirement.parse(stored);
}

export async function writeRetirement(control: Pick<ControlTable, 'put'>, row: Retirement): Promise<void> {
  await control.put(PARTITION, LAST_SORT, row);
}
