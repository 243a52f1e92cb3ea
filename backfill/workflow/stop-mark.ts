import * as z from 'zod';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';

const PARTITION = 'workflow';
const mark = z.object({ group: z.string(), at: z.iso.datetime(), by: z.string() });

/** Tells the workers of a group to end after the pages in hand. */
export type StopMark = z.infer<typeof mark>;

export async function writeStopMark(control: Pick<ControlTable, 'put'>, value: StopMark): Promise<void> {
  await control.put(PARTITION, 'stop', value);
}

/** Whether this group is to stop. */
export async function isStopped(control: Pick<ControlTable, 'get'>, group: string): Promise<boolean> {
  const stored = await control.get(PARTITION, 'stop');
  return stored !== undefined && mark.parse(stored).group === group;
}
