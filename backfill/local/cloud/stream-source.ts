import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as SdkRecord,
  type ShardIteratorType,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import { eachItem } from '../../../functions/tables/pages.ts';
import type { Deliverable } from './delivery-rules.ts';

/** A stream record in the form Lambda hands to a function. */
export interface StreamRecord extends Deliverable {
  readonly event: Readonly<Record<string, unknown>>;
}

export interface Shard {
  readonly id: string;
  readonly parentId?: string;
}

export interface ShardRead {
  readonly records: readonly StreamRecord[];
  /** The shard is closed and has been read to its end. */
  readonly ended: boolean;
}

/** A stream, as an event source mapping reads it. */
export interface StreamSource {
  readonly streamArn: string;
  shards(): Promise<readonly Shard[]>;
  /** Records after a sequence number, from the oldest kept where it is undefined; at most `limit`, often none. */
  read(shardId: string, after: string | undefined, limit: number): Promise<ShardRead>;
}

/** GetRecords answers at most so many. */
const LIMIT_MAX = 1_000;

/** The stream over the DynamoDB Streams API. */
export function dynamoStreamSource(client: DynamoDBStreamsClient, streamArn: string): StreamSource {
  /** By shard, the iterator that continues after a sequence number. */
  const iterators = new Map<string, { readonly after: string | undefined; readonly iterator: string }>();

  async function iteratorAfter(shardId: string, after: string | undefined, type: ShardIteratorType): Promise<string> {
    const known = iterators.get(shardId);
    if (known !== undefined && known.after === after) return known.iterator;
    const { ShardIterator = '' } = await client.send(
      new GetShardIteratorCommand({
        StreamArn: streamArn,
        ShardId: shardId,
        ShardIteratorType: type,
        ...(type === 'AFTER_SEQUENCE_NUMBER' && { SequenceNumber: after }),
      }),
    );
    return ShardIterator;
  }

  return {
    streamArn,

    async shards() {
      const shards = eachItem(async (after: string | undefined) => {
        const { StreamDescription: description } = await client.send(
          new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: after }),
        );
        const items = (description?.Shards ?? []).map(
          ({ ShardId: id = '', ParentShardId: parentId }): Shard => ({
            id,
            ...(parentId !== undefined && { parentId }),
          }),
        );
        return { items, cursor: description?.LastEvaluatedShardId };
      });
      return Array.fromAsync(shards);
    },

    async read(shardId, after, limit) {
      const type = after === undefined ? 'TRIM_HORIZON' : 'AFTER_SEQUENCE_NUMBER';
      const from = async (how: ShardIteratorType) =>
        client.send(
          new GetRecordsCommand({
            ShardIterator: await iteratorAfter(shardId, after, how),
            Limit: Math.min(limit, LIMIT_MAX),
          }),
        );
      const { Records = [], NextShardIterator } = await from(type).catch((error: unknown) => {
        iterators.delete(shardId);
        if (error instanceof ExpiredIteratorException) return from(type);
        if (error instanceof TrimmedDataAccessException) return from('TRIM_HORIZON');
        throw error;
      });
      const records = Records.map((record) => lambdaRecord(record, streamArn));
      if (NextShardIterator === undefined) iterators.delete(shardId);
      else {
        iterators.set(shardId, { after: records.at(-1)?.sequenceNumber ?? after, iterator: NextShardIterator });
      }
      return { records, ended: NextShardIterator === undefined };
    },
  };
}

/**
 * A record as Lambda's event has it (AWS Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"): times in epoch seconds, binary
 * values in base64.
 */
export function lambdaRecord(record: SdkRecord, streamArn: string): StreamRecord {
  const createdAtMs = record.dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0;
  const change = { ...record.dynamodb, ApproximateCreationDateTime: Math.floor(createdAtMs / 1_000) };
  return {
    sequenceNumber: record.dynamodb?.SequenceNumber ?? '',
    createdAtMs,
    event: {
      ...record,
      dynamodb: inBase64(change) as Record<string, unknown>,
      eventSourceARN: streamArn,
    },
  };
}

function inBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(inBase64);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inBase64(part)]));
}
