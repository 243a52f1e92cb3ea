import type { Adversary } from './adversary.ts';
import type { OddItem } from './odd-items.ts';

/** An exact text of a source file, there once, and what takes its place. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that the protocol could have been built with. */
export interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Where a short hunt begins: a little before a seed known to find it. 1 where it is found soon anyway. */
  readonly firstSeed?: number;
  /** Part of the divergence's text, where only a schedule counts in which this check finds it and no other does. */
  readonly foundOnlyBy?: string;
  /** The small world whose whole search finds it, where schedules by seed hardly ever do. */
  readonly smallWorld?: string;
  /** Which of LONGER_WORLDS schedules are drawn in by seed, where a world by seed hardly ever shows it. */
  readonly scheduledWorld?: string;
  /** The item that the store refuses in every schedule, for a time drawn by seed. */
  readonly odd?: Pick<OddItem, 'kind' | 'id' | 'oddity'>;
  /** How the small world is searched; in order, without faults, where it is absent. Or what differs from the adversary of each schedule by seed. */
  readonly adversary?: Partial<Adversary>;
}

/** One text in place of another. */
export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** Lets a batch's changes keep their last image, for mistakes that use it. */
export const KEEP_IMAGE = edit(
  'functions/sync/stream-batch.ts',
  'changes.set(id, {',
  'changes.set(id, { image: event.newImage,',
);
