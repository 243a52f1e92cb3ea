import { type Effect, Later } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** For so long a copier's puts of rows may be under way: longer than its successor waits for the lease. */
export const PUT_LANDS_WITHIN_MS = 100_000;

/** Where a call of one process waits until the scheduler lets it take effect. */
export type Gate = <T>(effect: Effect<T>) => Promise<T>;

/** Reads several things by one call, now or at several moments: a batch is no snapshot. */
export function readEach<K, V>(
  { decisions, adversary }: Scheduler,
  label: () => string,
  keys: readonly K[],
  read: (key: K) => V,
  show?: (values: readonly V[]) => string,
): Effect<V[]> {
  const eachApart = adversary.splitRead === 1;
  const readOn = (found: readonly V[], left: readonly K[]): V[] | Later<V[]> => {
    if (left.length < 2 || !decisions.chance(adversary.splitRead)) return [...found, ...left.map(read)];
    const cut = eachApart ? 1 : 1 + decisions.choose(left.length - 1);
    const foundNow = [...found, ...left.slice(0, cut).map(read)];
    const rest = left.slice(cut);
    const run = () => (eachApart ? readOn(foundNow, rest) : [...foundNow, ...rest.map(read)]);
    return new Later<V[]>({ kind: 'read', label, run, ...(show && { show }) });
  };
  return { kind: 'read', label, run: () => readOn([], keys), ...(show && { show }) };
}
