import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** How far each shard of a stream has been delivered. */
export interface Checkpoints {
  /** The last sequence number that is settled; undefined before the first. */
  after(shardId: string): string | undefined;
  /** The shard is closed and delivered to its end. */
  ended(shardId: string): boolean;
  moveTo(shardId: string, sequenceNumber: string): void;
  end(shardId: string): void;
}

interface Stored {
  readonly after: Map<string, string>;
  readonly ended: string[];
}

/** Checkpoints in a file, written whole at every step so that a restart continues where delivery stopped. */
export function fileCheckpoints(path: string): Checkpoints {
  const stored = readStored(path);
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify({ ...stored, after: Object.fromEntries(stored.after) }));
    renameSync(`${path}.new`, path);
  };
  return {
    after: (shardId) => stored.after.get(shardId),
    ended: (shardId) => stored.ended.includes(shardId),
    moveTo(shardId, sequenceNumber) {
      stored.after.set(shardId, sequenceNumber);
      save();
    },
    end(shardId) {
      stored.ended.push(shardId);
      save();
    },
  };
}

function readStored(path: string): Stored {
  try {
    const { after, ended } = JSON.parse(readFileSync(path, 'utf8'));
    return { after: new Map(Object.entries(after)), ended };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { after: new Map(), ended: [] };
    throw error;
  }
}
