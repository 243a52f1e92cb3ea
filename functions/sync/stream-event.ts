import * as z from 'zod';
import type { Item } from '../model/attribute-value.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { StreamEvent } from './stream-batch.ts';

const item = z.record(z.string(), z.looseObject({}));

/** The parts of Lambda's DynamoDB stream event that replication reads; what else there is stays with the record. */
const schema = z.object({
  Records: z.array(
    z.looseObject({
      eventID: z.string(),
      dynamodb: z.looseObject({
        SequenceNumber: z.string().min(1),
        ApproximateCreationDateTime: z.number().optional(),
        Keys: item.default({}),
        OldImage: item.optional(),
        NewImage: item.optional(),
      }),
    }),
  ),
});

/**
 * Reads Lambda's stream event (AWS Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB").
 *
 * @throws MigrationError with code STREAM_EVENT_UNREADABLE where it is not one; the invocation then fails as a whole.
 */
export function parseStreamEvent(event: unknown): StreamEvent[] {
  const parsed = schema.safeParse(event);
  if (!parsed.success) {
    throw new MigrationError('STREAM_EVENT_UNREADABLE', z.prettifyError(parsed.error), {
      nextStep: 'Check what invokes the function: only the event source mapping of its stream should.',
    });
  }
  const received = (event as { readonly Records: readonly unknown[] }).Records;
  return parsed.data.Records.map((record, at) => ({
    eventId: record.eventID,
    sequenceNumber: record.dynamodb.SequenceNumber,
    keys: record.dynamodb.Keys as unknown as Item,
    ...(record.dynamodb.OldImage && { oldImage: record.dynamodb.OldImage as unknown as Item }),
    ...(record.dynamodb.NewImage && { newImage: record.dynamodb.NewImage as unknown as Item }),
    ...(record.dynamodb.ApproximateCreationDateTime !== undefined && {
      createdAtMs: record.dynamodb.ApproximateCreationDateTime * 1_000,
    }),
    // As received: what has been parsed lacks an attribute `__proto__`, and has keys where there were none.
    whole: { event: { S: JSON.stringify(received[at]) } },
  }));
}
