import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  LimitExceededException,
  ResourceNotFoundException,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import * as z from 'zod';

/** What is kept of a source's stream from one heartbeat to the next. */
export const sampleState = z.object({
  streamArn: z.string(),
  /** By open shard, an iterator at its end as it was at the last heartbeat. Iterators are good for 15 minutes. */
  ends: z.record(z.string(), z.string()),
  /** The oldest change seen that was not replicated then, in epoch milliseconds. */
  unreplicatedSinceMs: z.number().optional(),
});
export type SampleState = z.infer<typeof sampleState>;

/** The stream as the sample reads it. */
export interface SampledStream {
  /** By open shard, an iterator at its present end. */
  ends(streamArn: string): Promise<Readonly<Record<string, string>>>;
  /** An iterator at the beginning of a shard. */
  beginning(streamArn: string, shardId: string): Promise<string>;
  /** The instant of the first change after an iterator; undefined if there is none, or nobody can tell any more. */
  firstAfter(iterator: string): Promise<number | undefined>;
}

/**
 * Looks at the first change of each shard since the last heartbeat, and whether it is replicated by now. A change that is
 * not is remembered until it is. It takes two requests a shard and one record, so the service's own readers keep theirs.
 *
 * @param throughMs the newest change that is replicated.
 */
export async function sampleStream(
  stream: SampledStream,
  streamArn: string,
  before: SampleState | undefined,
  throughMs: number | undefined,
): Promise<SampleState> {
  const known = before?.streamArn === streamArn ? before : undefined;
  const ends = await stream.ends(streamArn);
  if (known === undefined) return { streamArn, ends };
  // A shard that was not open at the last heartbeat holds nothing older than that.
  const opened = Object.keys(ends).filter((shardId) => !Object.hasOwn(known.ends, shardId));
  const beginnings = await Promise.all(opened.map((shardId) => stream.beginning(streamArn, shardId)));
  const iterators = [...Object.values(known.ends), ...beginnings];
  const firsts = await Promise.all(iterators.map((iterator) => stream.firstAfter(iterator)));
  return { streamArn, ends, ...oldestUnreplicated([known.unreplicatedSinceMs, ...firsts], throughMs) };
}

function oldestUnreplicated(instants: readonly (number | undefined)[], throughMs: number | undefined) {
  const waiting = instants.filter((instant) => instant !== undefined && instant > (throughMs ?? 0)) as number[];
  return waiting.length === 0 ? {} : { unreplicatedSinceMs: Math.min(...waiting) };
}

/** Pages without a record that are read past: a page may be empty where more follows (DynamoDB Streams API, GetRecords). */
const EMPTY_PAGES_MAX = 5;

/** A stream of DynamoDB. */
export function sampledStream(client: DynamoDBStreamsClient): SampledStream {
  const iteratorAt = async (streamArn: string, shardId: string, type: 'LATEST' | 'TRIM_HORIZON'): Promise<string> => {
    const input = { StreamArn: streamArn, ShardId: shardId, ShardIteratorType: type };
    return (await client.send(new GetShardIteratorCommand(input))).ShardIterator ?? '';
  };

  return {
    async ends(streamArn) {
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const { StreamDescription: page } = await client.send(
          new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: after }),
        );
        const open = (page?.Shards ?? []).filter((shard) => !shard.SequenceNumberRange?.EndingSequenceNumber);
        ids.push(...open.map((shard) => shard.ShardId ?? ''));
        after = page?.LastEvaluatedShardId;
      } while (after !== undefined);
      const ends = ids.map(async (id) => [id, await iteratorAt(streamArn, id, 'LATEST')] as const);
      return Object.fromEntries(await Promise.all(ends));
    },

    beginning: (streamArn, shardId) => iteratorAt(streamArn, shardId, 'TRIM_HORIZON'),

    async firstAfter(iterator) {
      let next: string | undefined = iterator;
      try {
        for (let page = 0; page < EMPTY_PAGES_MAX && next !== undefined; page += 1) {
          const answer: GetRecordsCommandOutput = await client.send(
            new GetRecordsCommand({ ShardIterator: next, Limit: 1 }),
          );
          const [record] = answer.Records ?? [];
          if (record) return record.dynamodb?.ApproximateCreationDateTime?.getTime();
          next = answer.NextShardIterator;
        }
        return undefined;
      } catch (error) {
        if (NOT_TELLING.some((each) => error instanceof each)) return undefined;
        throw error;
      }
    },
  };
}

/** The iterator is too old, its records or its shard are gone, or others read the shard. The next heartbeat looks again. */
const NOT_TELLING = [
  ExpiredIteratorException,
  TrimmedDataAccessException,
  ResourceNotFoundException,
  LimitExceededException,
];
