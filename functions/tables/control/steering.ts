import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

/** Apart from the backfill's own partition: whoever steers a backfill does not hold its lease. */
const PARTITION = 'steering';

const order = z.object({
  by: z.string(),
  at: z.iso.datetime(),
  reason: z.string().optional(),
});

const pause = order.extend({ isPaused: z.boolean() });

/** Whether copying is paused, or was resumed: by whom, when and why. */
export type Pause = z.infer<typeof pause>;

/** What can be set for the run that is not finished, each apart, so that two operators do not undo each other's order. */
export const BOUNDS = ['writeUnitsPerSecond', 'readUnitsPerSecond', 'budgetUsd'] as const;
export type BoundName = (typeof BOUNDS)[number];

const bound = order.extend({ runId: z.string(), value: z.number().positive() });

/** A bound of one run: by whom it was set, when and why. */
export type Bound = z.infer<typeof bound>;

/** What operators have ordered. */
export interface Steering {
  readonly pause?: Pause;
  readonly bounds: Readonly<Partial<Record<BoundName, Bound>>>;
}

export async function writePause(control: Pick<ControlTable, 'put'>, value: Pause): Promise<void> {
  await control.put(PARTITION, 'pause', value);
}

export async function writeBound(control: Pick<ControlTable, 'put'>, name: BoundName, value: Bound): Promise<void> {
  await control.put(PARTITION, name, value);
}

/** All orders, by one strong query. */
export async function readSteering(control: Pick<ControlTable, 'list'>): Promise<Steering> {
  const stored = new Map((await control.list(PARTITION)).map(({ sort, value }) => [sort, value]));
  const paused = stored.get('pause');
  return {
    ...(paused && { pause: pause.parse(paused) }),
    bounds: Object.fromEntries(
      BOUNDS.filter((name) => stored.has(name)).map((name) => [name, bound.parse(stored.get(name))]),
    ),
  };
}
