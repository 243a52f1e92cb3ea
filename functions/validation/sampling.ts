import { createHash } from 'node:crypto';

/** Those whose hash sorts first: spread over all, and the same in every run. */
export function smallestByHash<T>(all: readonly T[], count: number, nameOf: (each: T) => string): T[] {
  const ranked = all.map((each) => ({ each, rank: createHash('md5').update(nameOf(each)).digest('hex') }));
  ranked.sort((left, right) => (left.rank < right.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ each }) => each);
}
