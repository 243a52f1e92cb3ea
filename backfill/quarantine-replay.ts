import { MigrationError } from '../functions/model/migration-error.ts';
import { SOURCES, type Source } from '../functions/model/sources.ts';
import type { Replication } from '../functions/sync/replication.ts';
import { replicateStreamBatch } from '../functions/sync/stream-batch.ts';
import { parseStreamEvent } from '../functions/sync/stream-event.ts';
import type { FailedDeliveries, FailedDelivery } from '../functions/tables/failed-deliveries.ts';
import { OLD_TABLE_OF, type TableNames } from '../functions/tables/table-names.ts';

/** A delivery that was given up, and what became of it. */
export interface ReplayedDelivery {
  readonly key: string;
  readonly source: Source;
  /** Why the mapping gave it up. */
  readonly condition: string;
  readonly records: number;
  /** Items whose replication failed again; the delivery then stays where it is. */
  readonly failures: readonly string[];
}

/**
 * Replicates what event source mappings gave up. An event only says where to look, so this is right at any time and any number of
 * times, whatever was written since.
 *
 * @param execute without it nothing is replicated and nothing removed.
 * @throws MigrationError DELIVERY_UNREADABLE, DELIVERY_OF_UNKNOWN_TABLE
 */
export async function replayDeliveries(
  deliveries: FailedDeliveries,
  replication: Replication,
  names: TableNames,
  execute: boolean,
): Promise<readonly ReplayedDelivery[]> {
  const replayed: ReplayedDelivery[] = [];
  for await (const delivery of deliveries.list()) {
    const source = sourceOf(delivery, names);
    const events = parseStreamEvent(delivery.event);
    const result = execute ? await replicateStreamBatch(replication, source, events) : { errors: [] };
    const failures = result.errors.map(String);
    if (execute && failures.length === 0) await deliveries.remove(delivery.key);
    replayed.push({ key: delivery.key, source, condition: delivery.condition, records: events.length, failures });
  }
  return replayed;
}

function sourceOf({ key, streamArn }: FailedDelivery, names: TableNames): Source {
  const table = /:table\/([^/]+)\/stream\//.exec(streamArn)?.[1];
  const source = SOURCES.find((each) => names[OLD_TABLE_OF[each]] === table);
  if (source !== undefined) return source;
  throw new MigrationError('DELIVERY_OF_UNKNOWN_TABLE', `${key} is of ${streamArn}, no old table's stream.`, {
    nextStep: 'Check --env and --from.',
  });
}
