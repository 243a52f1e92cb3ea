import { type Effect, Later } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** Where a call of one process waits until the scheduler lets it take effect. */
export type Gate = <T>(effect: Effect<T>) => Promise<T>;

/** Reads several things by one call, now or in two parts: a batch is no snapshot. */
export function readEach<K, V>(
  scheduler: Scheduler,
  label: () => string,
  keys: readonly K[],
  read: (key: K) => V,
  show?: (values: readonly V[]) => string,
): Effect<V[]> {
  const run = () => {
    if (keys.length < 2 || !scheduler.decisions.chance(scheduler.adversary.splitRead)) return keys.map(read);
    const cut = 1 + scheduler.decisions.choose(keys.length - 1);
    const first = keys.slice(0, cut).map(read);
    const rest = keys.slice(cut);
    return new Later<V[]>(
      { kind: 'read', label, run: () => [...first, ...rest.map(read)], ...(show && { show }) },
      first,
    );
  };
  return { kind: 'read', label, run, ...(show && { show }) };
}
