import { decodeQuarantineEntry, type KeptForm, quarantineKey } from '../tables/control/quarantine-rows.ts';
import { scopeOf } from '../tables/dynamo/failure-scope.ts';
import { decideQuarantine } from './quarantine-decision.ts';
import type { Replication } from './replication.ts';
import type { StreamEvent } from './stream-batch.ts';

/** An event that names no item would block its shard for ever: it is kept whole, or as much of it as can be, and the rest continues. */
export async function quarantineEvent(replication: Replication, event: StreamEvent): Promise<void> {
  const forms: readonly KeptForm[] = ['whole', 'digest'];
  for (const form of forms) {
    try {
      await keep(replication, event, form);
      return;
    } catch (error) {
      if (scopeOf(error) !== 'item' || form === forms.at(-1)) throw error;
    }
  }
}

async function keep(replication: Replication, event: StreamEvent, form: KeptForm): Promise<void> {
  const [stored] = await replication.transactions.read([quarantineKey('events', event.eventId)]);
  const writes = decideQuarantine(
    'events',
    event.eventId,
    stored && decodeQuarantineEntry(stored),
    {
      reason: { code: 'unreadable-event', message: 'The stream record does not say which item changed.' },
      image: event.whole,
    },
    new Date(replication.nowMs()).toISOString(),
    form,
  );
  if (writes.length > 0) await replication.transactions.write(writes);
}
