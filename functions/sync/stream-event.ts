import { type Item, textOf } from '../model/attribute-value.ts';
import { itemDigest } from '../model/digest.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { StreamEvent } from './stream-batch.ts';

/** Longest event id that is kept as it is; Lambda's have 32 characters. */
const EVENT_ID_LENGTH_MAX = 128;

/**
 * Reads Lambda's stream event (AWS Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"), record by record: one that says less than
 * it should has an event without keys, and holds up no other.
 *
 * @throws MigrationError with code STREAM_EVENT_UNREADABLE where it is no stream event at all; the invocation then fails as a whole.
 */
export function parseStreamEvent(event: unknown): StreamEvent[] {
  const records = objectOf(event)?.Records;
  if (Array.isArray(records)) return records.map(parseRecord);
  throw new MigrationError('STREAM_EVENT_UNREADABLE', 'The event has no list of records.', {
    nextStep: 'Check what invokes the function: only the event source mapping of its stream should.',
  });
}

function parseRecord(record: unknown): StreamEvent {
  const whole: Item = { event: { S: JSON.stringify(record) ?? '' } };
  const { eventID, dynamodb } = objectOf(record) ?? {};
  const { SequenceNumber, ApproximateCreationDateTime, Keys, OldImage, NewImage } = objectOf(dynamodb) ?? {};
  const [oldImage, newImage] = [itemOf(OldImage), itemOf(NewImage)];
  return {
    eventId: isEventId(eventID) ? eventID : `sha256-${itemDigest(whole)}`,
    ...(typeof SequenceNumber === 'string' && SequenceNumber !== '' && { sequenceNumber: SequenceNumber }),
    keys: itemOf(Keys) ?? {},
    ...(oldImage && { oldImage }),
    ...(newImage && { newImage }),
    ...(typeof ApproximateCreationDateTime === 'number' && { createdAtMs: ApproximateCreationDateTime * 1_000 }),
    whole,
  };
}

function isEventId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= EVENT_ID_LENGTH_MAX;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

/** The values of an event's items are looked at only where they are texts, so that nothing is asked of the others. */
function itemOf(value: unknown): Item | undefined {
  const object = objectOf(value);
  return object && Object.values(object).every((each) => objectOf(each) !== undefined) ? (object as Item) : undefined;
}

/** The id of the item that changed; undefined where the event does not say, or names one that no item can have. */
export function changedId({ keys }: StreamEvent): string | undefined {
  const id: unknown = textOf(keys, 'id');
  return typeof id === 'string' && id !== '' ? id : undefined;
}
