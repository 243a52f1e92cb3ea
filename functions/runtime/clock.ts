/** Time, passed in so that tests can control it. */
export interface Clock {
  nowMs(): number;
  /** Runs once after the delay, and returns a function that cancels it. A waiting clock keeps no process alive. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

export type CallOutcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'time-out' }
  /** The process was suspended meanwhile, as Lambda does between calls. That says nothing about the callee. */
  | { readonly kind: 'suspended' };

/** A busy process meets its deadline less late than this. */
const SUSPENSION_MS = 2_000;

/**
 * Makes a call and waits until the deadline at most. After the deadline the signal tells the call to give up, and
 * nobody waits for its answer.
 *
 * @param onSettled runs when the call itself has ended, which may be long after the outcome.
 */
export function withDeadline<T>(
  clock: Clock,
  deadlineMs: number,
  call: (signal: AbortSignal) => Promise<T>,
  onSettled: () => void = () => {},
): Promise<CallOutcome<T>> {
  const { promise, resolve } = Promise.withResolvers<CallOutcome<T>>();
  const controller = new AbortController();
  const startedAtMs = clock.nowMs();
  const wasSuspended = () => clock.nowMs() - startedAtMs > deadlineMs + SUSPENSION_MS;
  const cancel = clock.after(deadlineMs, () => {
    resolve({ kind: wasSuspended() ? 'suspended' : 'time-out' });
    controller.abort();
  });
  const end = (outcome: CallOutcome<T>) => {
    cancel();
    resolve(outcome);
    onSettled();
  };
  Promise.try(call, controller.signal).then(
    (value) => end({ kind: 'value', value }),
    (error: unknown) => end(wasSuspended() ? { kind: 'suspended' } : { kind: 'error', error }),
  );
  return promise;
}
