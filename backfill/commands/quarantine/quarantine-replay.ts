import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { Replication } from '../../../functions/sync/replication.ts';
import { replicateStreamBatch, type StreamEvent } from '../../../functions/sync/stream-batch.ts';
import { parseStreamEvent } from '../../../functions/sync/stream-event.ts';
import type {
  FailedDeliveries,
  FailedDelivery,
  UnreadableDelivery,
} from '../../../functions/tables/failed-deliveries.ts';

/** A delivery that was given up, and what became of it. */
export interface ReplayedDelivery {
  readonly key: string;
  /** Absent where it is no delivery of an old table's stream. */
  readonly source?: Source;
  /** Why the mapping gave it up. */
  readonly condition?: string;
  readonly records: number;
  /** Why the delivery stays where it is: it cannot be read, or replication failed again. */
  readonly failures: readonly string[];
}

/**
 * Replicates what event source mappings gave up. An event only says where to look, so this is right at any time and any number of
 * times, whatever was written since. A delivery that cannot be read, or fails again, stays and holds up no other.
 *
 * @param execute without it nothing is replicated and nothing removed.
 */
export async function replayDeliveries(
  deliveries: FailedDeliveries,
  replication: Replication,
  names: TableNames,
  execute: boolean,
): Promise<readonly ReplayedDelivery[]> {
  const replayed: ReplayedDelivery[] = [];
  for await (const delivery of deliveries.list()) {
    const read = readDelivery(delivery, names);
    if ('unreadable' in read) {
      replayed.push({ key: delivery.key, records: 0, failures: [describe(read.unreadable)] });
      continue;
    }
    const { source, condition, events } = read;
    const failures = execute ? await replicate(replication, source, events) : [];
    if (execute && failures.length === 0) await deliveries.remove(delivery.key);
    replayed.push({ key: delivery.key, source, condition, records: events.length, failures });
  }
  return replayed;
}

interface Readable {
  readonly source: Source;
  readonly condition: string;
  readonly events: readonly StreamEvent[];
}

function readDelivery(
  delivery: FailedDelivery | UnreadableDelivery,
  names: TableNames,
): Readable | { readonly unreadable: MigrationError } {
  if ('unreadable' in delivery) return delivery;
  try {
    const { condition, event } = delivery;
    return { source: sourceOf(delivery, names), condition, events: parseStreamEvent(event) };
  } catch (error) {
    if (error instanceof MigrationError) return { unreadable: error };
    throw error;
  }
}

async function replicate(
  replication: Replication,
  source: Source,
  events: readonly StreamEvent[],
): Promise<readonly string[]> {
  try {
    return (await replicateStreamBatch(replication, source, events)).errors.map(String);
  } catch (error) {
    return [String(error)];
  }
}

function describe({ code, message, nextStep }: MigrationError): string {
  return [`${code}: ${message}`, nextStep].filter((part) => part !== undefined).join(' ');
}

function sourceOf({ key, streamArn }: FailedDelivery, names: TableNames): Source {
  const table = /:table\/([^/]+)\/stream\//.exec(streamArn)?.[1];
  const source = SOURCES.find((each) => names[OLD_TABLE_OF[each]] === table);
  if (source !== undefined) return source;
  throw new MigrationError(
    'DELIVERY_OF_UNKNOWN_TABLE',
    `${key} is from ${streamArn}, which is not the stream of an old table.`,
    {
      nextStep: 'Check --env and --from.',
    },
  );
}
