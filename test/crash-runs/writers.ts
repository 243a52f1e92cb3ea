import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createLegacyWriter, type LegacyWrite, sendLegacyWrite } from '../../backfill/local/rehearsal/live-writer.ts';
import { seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { textOf } from '../../functions/model/attribute-value.ts';
import type { RunPlan } from './run-plan.ts';

/** Writes of all writers in one burst. */
const BURST_WRITES = 30;

export interface Writers {
  /** Makes a few writes beside whatever else goes on: it is called where they do most harm. */
  readonly burst: () => Promise<void>;
  /** Makes all writes that are left. @returns how many were made in all. */
  readonly rest: () => Promise<number>;
}

/** The service's writers, who write without pauses and know nothing of one another. */
export function startWriters(
  { writerSeeds, writes, content }: RunPlan,
  client: DynamoDBClient,
  names: TableNames,
  note: (message: string) => void,
): Writers {
  const share = Math.floor(writes / writerSeeds.length);
  const writers = writerSeeds.map((seed) => ({ next: createLegacyWriter(seededRandom(seed), content), left: share }));
  let made = 0;
  const writeOnce = async (at: number, write: LegacyWrite): Promise<void> => {
    await sendLegacyWrite(client, names, write);
    made += 1;
    const id = write.kind === 'delete' ? write.id : textOf(write.item, 'id');
    note(`writer ${at}: ${write.why}, ${write.kind} ${write.source} ${id}`);
  };
  let last: Promise<void> = Promise.resolve();
  const begin = (most: number): Promise<void> => {
    const before = last;
    const writeMost = async (writer: (typeof writers)[number], at: number): Promise<void> => {
      await before;
      const count = Math.min(most, writer.left);
      writer.left -= count;
      for (let done = 0; done < count; done += 1) await writeOnce(at, writer.next());
    };
    last = Promise.all(writers.map(writeMost)).then(() => undefined);
    return last;
  };
  return {
    burst: () => begin(Math.ceil(BURST_WRITES / writers.length)),
    async rest() {
      await begin(Number.POSITIVE_INFINITY);
      return made;
    },
  };
}
