/**
 * Resolves when every promise that can go on by itself has done so: ticks are run when the queue of promises is empty, and
 * a tick asked for by a promise comes after all others.
 */
export function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}
