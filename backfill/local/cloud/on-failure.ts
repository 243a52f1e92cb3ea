import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StreamRecord } from './stream-source.ts';

/** Records that a mapping gave up, and why. */
export interface Discarded {
  readonly shardId: string;
  readonly streamArn: string;
  readonly records: readonly StreamRecord[];
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  readonly invocations: number;
}

/**
 * Keeps what a mapping gave up as a file, with the key and the content that Lambda gives an object in S3 (AWS Lambda developer guide,
 * "Retain discarded records", example for an S3 destination).
 */
export async function keepDiscarded(
  directory: string,
  mappingId: string,
  functionName: string,
  { shardId, streamArn, records, condition, invocations }: Discarded,
  now: Date,
): Promise<void> {
  const timestamp = now.toISOString();
  const day = timestamp.slice(0, 10);
  const second = timestamp.slice(0, 19).replaceAll(':', '.');
  const path = join(directory, 'aws/lambda', mappingId, shardId, day.replaceAll('-', '/'), `${second}-${randomUUID()}`);
  const arrival = (at: number) => new Date(records.at(at)?.createdAtMs ?? 0).toISOString();
  const content = {
    requestContext: {
      requestId: randomUUID(),
      functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
      condition,
      approximateInvokeCount: invocations,
    },
    ...(invocations > 0 && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    }),
    version: '1.0',
    timestamp,
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: records[0]?.sequenceNumber,
      endSequenceNumber: records.at(-1)?.sequenceNumber,
      approximateArrivalOfFirstRecord: arrival(0),
      approximateArrivalOfLastRecord: arrival(-1),
      batchSize: records.length,
      streamArn,
    },
    payload: JSON.stringify({ Records: records.map(({ event }) => event) }),
  };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(content));
}
