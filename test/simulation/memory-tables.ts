import type { Tables } from '../../functions/tables/dynamo-tables.ts';
import { controlTable } from './memory-control-table.ts';
import { newTables, transactions } from './memory-new-tables.ts';
import { oldTables } from './memory-old-tables.ts';
import type { Effect, Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

/** The storage of one process: every call waits for the scheduler, and takes effect in the store when it is chosen. */
export function memoryTables(store: Store, scheduler: Scheduler, process: Process): Tables {
  const call = <T>(effect: Effect<T>): Promise<T> => scheduler.call(process, effect);
  return {
    old: oldTables(store, scheduler, call),
    data: newTables(store, scheduler, call),
    control: controlTable(store, scheduler, call),
    transactions: transactions(store, scheduler, call),
  };
}
