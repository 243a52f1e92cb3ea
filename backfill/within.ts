import { setTimeout as sleep } from 'node:timers/promises';

let isAnythingLeft = false;

/** Whether something that took too long is still in progress: then a process does not end by itself. */
export function leavesAnything(): boolean {
  return isAnythingLeft;
}

/**
 * Waits for work, but not longer than this: for what is of use when it comes, and must not keep an operator waiting when
 * it does not.
 *
 * @throws Error when it takes longer.
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: ended.signal }).then(() => {
    isAnythingLeft = true;
    throw new Error(`There was no answer within ${milliseconds / 1_000} s.`);
  });
  // Whichever is second is of no interest any more.
  for (const each of [late, work]) each.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}
