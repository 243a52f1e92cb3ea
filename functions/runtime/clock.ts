/** Time, passed in so that tests can hold it still. */
export interface Clock {
  nowMs(): number;
  /** Runs once after the delay; gives what calls it off. A clock that is waiting keeps no process alive. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

export type Outcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'time-out' }
  /** The process stood still in between, as a Lambda's does between calls: it says nothing about who was asked. */
  | { readonly kind: 'suspended' };

/** How far behind its time a deadline can come in a process that is busy but runs. */
const SUSPENSION_MS = 2_000;

/**
 * Calls and waits until the deadline at most; then the signal tells the call to give up, and its answer is not waited for.
 *
 * @param onSettled is told when the call itself has ended, which may be long after the outcome.
 */
export function withDeadline<T>(
  clock: Clock,
  deadlineMs: number,
  call: (signal: AbortSignal) => Promise<T>,
  onSettled: () => void = () => {},
): Promise<Outcome<T>> {
  const { promise, resolve } = Promise.withResolvers<Outcome<T>>();
  const controller = new AbortController();
  const startedAtMs = clock.nowMs();
  const wasSuspended = () => clock.nowMs() - startedAtMs > deadlineMs + SUSPENSION_MS;
  const cancel = clock.after(deadlineMs, () => {
    resolve({ kind: wasSuspended() ? 'suspended' : 'time-out' });
    controller.abort();
  });
  const end = (outcome: Outcome<T>) => {
    cancel();
    resolve(outcome);
    onSettled();
  };
  startSafely(() => call(controller.signal)).then(
    (value) => end({ kind: 'value', value }),
    (error: unknown) => end(wasSuspended() ? { kind: 'suspended' } : { kind: 'error', error }),
  );
  return promise;
}

async function startSafely<T>(call: () => Promise<T>): Promise<T> {
  return call();
}
