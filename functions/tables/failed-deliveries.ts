import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { MigrationError } from '../model/migration-error.ts';
import { attemptLater } from './dynamo/attempt.ts';

/** What an event source mapping gave up and its on-failure destination kept. */
export interface FailedDelivery {
  /** Where it is kept: an object's key, or a file's path. */
  readonly key: string;
  readonly condition: string;
  readonly streamArn: string;
  /** Lambda's stream event, whole. */
  readonly event: unknown;
}

/** Something in the destination that is no delivery. */
export interface UnreadableDelivery {
  readonly key: string;
  readonly unreadable: MigrationError;
}

/** The on-failure destination of the event source mappings. */
export interface FailedDeliveries {
  /** What cannot be read is listed with the reason, and holds up no other. */
  list(): AsyncIterable<FailedDelivery | UnreadableDelivery>;
  /** Takes a delivery away, once it has been replayed. */
  remove(key: string): Promise<void>;
}

/** An invocation record (AWS Lambda developer guide, "Retain discarded records for a DynamoDB event source"). */
const invocationRecord = z.object({
  requestContext: z.object({ condition: z.string() }),
  DDBStreamBatchInfo: z.object({ streamArn: z.string() }),
  payload: z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  }),
});

/** Lambda puts its records under this prefix. */
const PREFIX = 'aws/lambda/';

function parseDelivery(key: string, text: string): FailedDelivery | UnreadableDelivery {
  try {
    const { requestContext, DDBStreamBatchInfo, payload } = invocationRecord.parse(JSON.parse(text));
    return { key, condition: requestContext.condition, streamArn: DDBStreamBatchInfo.streamArn, event: payload };
  } catch (cause) {
    return { key, unreadable: unreadable(key, cause) };
  }
}

function unreadable(key: string, cause: unknown): MigrationError {
  return new MigrationError('DELIVERY_UNREADABLE', `${key} is not an invocation record of Lambda.`, {
    cause,
    nextStep: 'Move the object out of the destination and find out what it is.',
  });
}

/** The destination as a bucket, which infra/stream-sync.ts makes. */
export function bucketDeliveries(bucket: string, client: S3Client = new S3Client({})): FailedDeliveries {
  return {
    async *list() {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: PREFIX })) {
        for (const { Key } of Contents) {
          const key = Key ?? '';
          const text = await attemptLater(async () => {
            const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
            return (await Body?.transformToString()) ?? '';
          });
          yield 'error' in text ? { key, unreadable: unreadable(key, text.error) } : parseDelivery(key, text.value);
        }
      }
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}

/** The destination as a folder, which the local cloud keeps; or what was copied from a bucket. */
export function folderDeliveries(directory: string): FailedDeliveries {
  return {
    async *list() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      for (const path of paths.sort()) yield parseDelivery(path, await readFile(path, 'utf8'));
    },
    remove: (key) => rm(key),
  };
}
