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
  readonly after: Record<string, string>;
  readonly ended: string[];
}

/** Checkpoints in a file, written whole at every step so that a restart goes on where delivery stopped. */
export function fileCheckpoints(path: string): Checkpoints {
  const stored = readStored(path);
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(stored));
    renameSync(`${path}.new`, path);
  };
  return {
    after: (shardId) => stored.after[shardId],
    ended: (shardId) => stored.ended.includes(shardId),
    moveTo(shardId, sequenceNumber) {
      stored.after[shardId] = sequenceNumber;
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
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { after: {}, ended: [] };
    throw error;
  }
}
