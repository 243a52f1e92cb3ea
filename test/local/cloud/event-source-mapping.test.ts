import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { EventSourceMapping } from '../../../backfill/local/cloud/event-source-mapping.ts';
import { fileCheckpoints } from '../../../backfill/local/cloud/mapping-checkpoints.ts';
import type { Discarded } from '../../../backfill/local/cloud/on-failure.ts';
import type { Shard, StreamRecord, StreamSource } from '../../../backfill/local/cloud/stream-source.ts';
import type { MappingLimits } from '../../../backfill/local/cloud/template.ts';

const LIMITS: MappingLimits = {
  batchSize: 3,
  batchingWindowSeconds: 0,
  maximumRetryAttempts: 1,
  maximumRecordAgeSeconds: -1,
  bisect: true,
};

/** A stream in memory, whose shards can be closed and split, which DynamoDB Local's never are. */
class MemoryStream implements StreamSource {
  readonly streamArn = 'arn:memory';
  private readonly byShard = new Map<string, { parentId?: string; closed: boolean; records: StreamRecord[] }>();
  private count = 0;

  open(id: string, parentId?: string): this {
    this.byShard.set(id, { closed: false, records: [], ...(parentId !== undefined && { parentId }) });
    return this;
  }

  close(id: string): this {
    this.shard(id).closed = true;
    return this;
  }

  add(id: string, ...names: string[]): this {
    for (const name of names) {
      this.count += 1;
      const sequenceNumber = String(this.count).padStart(21, '0');
      const event = { name, dynamodb: { SequenceNumber: sequenceNumber } };
      this.shard(id).records.push({ sequenceNumber, createdAtMs: 0, event });
    }
    return this;
  }

  async shards(): Promise<Shard[]> {
    return [...this.byShard].map(([id, { parentId }]) => ({ id, ...(parentId !== undefined && { parentId }) }));
  }

  async read(id: string, after: string | undefined, limit: number) {
    const { records, closed } = this.shard(id);
    const left = records.filter(({ sequenceNumber }) => after === undefined || sequenceNumber > after);
    return { records: left.slice(0, limit), ended: closed && left.length <= limit };
  }

  private shard(id: string) {
    const shard = this.byShard.get(id);
    if (!shard) throw new Error(`no shard ${id}`);
    return shard;
  }
}

const directory = mkdtempSync(join(tmpdir(), 'mapping-'));
const running: EventSourceMapping[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((mapping) => mapping.stop()));
  rmSync(directory, { recursive: true, force: true });
});

interface Told {
  readonly batches: string[];
  readonly givenUp: string[];
  readonly mapping: EventSourceMapping;
}

/** Starts a mapping whose function gets the names of a batch's records. */
function start(
  source: StreamSource,
  invoke: (names: string[], sequenceNumbers: string[]) => unknown,
  limits: Partial<MappingLimits> = {},
): Told {
  const told = { batches: [] as string[], givenUp: [] as string[] };
  const nameOf = ({ event }: Pick<StreamRecord, 'event'>): string => String(event.name);
  const mapping = new EventSourceMapping({
    limits: { ...LIMITS, ...limits },
    source,
    checkpoints: fileCheckpoints(join(directory, 'checkpoints.json')),
    nowMs: Date.now,
    invoke: async (event) => {
      const records = (event as { Records: { name: string; dynamodb: { SequenceNumber: string } }[] }).Records;
      const names = records.map(({ name }) => name);
      told.batches.push(names.join(''));
      return invoke(
        names,
        records.map(({ dynamodb }) => dynamodb.SequenceNumber),
      );
    },
    onFailure: async ({ records, condition, invocations }: Discarded) => {
      told.givenUp.push(`${records.map(nameOf).join('')} ${condition} ${invocations}`);
    },
  });
  mapping.start();
  running.push(mapping);
  return { ...told, mapping };
}

describe('delivery', () => {
  test('is in order, in batches no larger than asked', async () => {
    const { batches, mapping } = start(new MemoryStream().open('s').add('s', ...'abcdefg'), () => ({}));
    await mapping.drained();
    expect(batches).toEqual(['abc', 'def', 'g']);
    expect(mapping.recordCount).toBe(7);
  });

  test('goes on from the lowest failure, and nothing later of the shard comes first', async () => {
    let refusals = 1;
    const { batches, mapping } = start(new MemoryStream().open('s').add('s', ...'abcdef'), (_, [, second]) =>
      refusals-- > 0 ? { batchItemFailures: [{ itemIdentifier: second }] } : {},
    );
    await mapping.drained();
    expect(batches).toEqual(['abc', 'bc', 'def']);
  });

  test('isolates a record that always fails, gives it up and goes on', async () => {
    const { batches, givenUp, mapping } = start(new MemoryStream().open('s').add('s', ...'abcd'), (names) => {
      if (names.includes('b')) throw new Error('poison');
    });
    await mapping.drained();
    expect(givenUp).toEqual(['b RetryAttemptsExhausted 2']);
    expect(batches).toEqual(['abc', 'ab', 'a', 'b', 'b', 'c', 'd']);
  });

  test('gives up what is too old without delivering it', async () => {
    const { batches, givenUp, mapping } = start(new MemoryStream().open('s').add('s', 'a'), () => ({}), {
      maximumRecordAgeSeconds: 60,
    });
    await mapping.drained();
    expect(batches).toEqual([]);
    expect(givenUp).toEqual(['a RecordAgeExceeded 0']);
  });

  test('waits for the window to fill a batch', async () => {
    const stream = new MemoryStream().open('s').add('s', 'a');
    const { batches, mapping } = start(stream, () => ({}), { batchingWindowSeconds: 2 });
    await sleep(100);
    stream.add('s', 'b', 'c');
    await mapping.drained();
    expect(batches).toEqual(['abc']);
  });

  test('keeps within the payload of an invocation', async () => {
    const large = 'x'.repeat(4 * 1024 * 1024);
    const { batches, mapping } = start(new MemoryStream().open('s').add('s', large, large, 'c'), () => ({}));
    await mapping.drained();
    expect(batches.map((batch) => batch.length)).toEqual([large.length, large.length + 1]);
  });
});

describe('shards', () => {
  test('a parent is delivered to its end before its children, whatever the order they are listed in', async () => {
    const stream = new MemoryStream().open('child-1', 'parent').open('child-2', 'parent').open('parent');
    stream
      .add('parent', ...'abcd')
      .close('parent')
      .add('child-1', 'e')
      .add('child-2', 'f');
    const { batches, mapping } = start(stream, () => ({}));
    await mapping.drained();
    expect(batches.slice(0, 2)).toEqual(['abc', 'd']);
    expect(batches.slice(2).sort()).toEqual(['e', 'f']);
  });

  test('a shard that closes while it is read hands over to its child', async () => {
    const stream = new MemoryStream().open('parent').add('parent', 'a');
    const { batches, mapping } = start(stream, () => ({}));
    await mapping.drained();
    stream.add('parent', 'b').close('parent').open('child', 'parent').add('child', 'c');
    await mapping.drained();
    expect(batches).toEqual(['a', 'b', 'c']);
  });

  test('a parent that is no longer kept holds nothing up', async () => {
    const { batches, mapping } = start(new MemoryStream().open('child', 'trimmed').add('child', 'a'), () => ({}));
    await mapping.drained();
    expect(batches).toEqual(['a']);
  });
});

test('a restart goes on from the checkpoint', async () => {
  const stream = new MemoryStream().open('s').add('s', ...'abc');
  const first = start(stream, () => ({}));
  await first.mapping.drained();
  await first.mapping.stop();
  stream.add('s', 'd');
  const second = start(stream, () => ({}));
  await second.mapping.drained();
  expect(second.batches).toEqual(['d']);
});

test('what breaks the stream is told to whoever waits for it', async () => {
  const broken = new MemoryStream().open('s');
  broken.read = async () => {
    throw new Error('stream is gone');
  };
  const { mapping } = start(broken, () => ({}));
  await expect(mapping.drained()).rejects.toThrow('stream is gone');
});
