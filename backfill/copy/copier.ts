import { NEW_DATA, TABLES } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { itemBytes } from '../../functions/model/item-size.ts';
import { WRITE_UNIT_BYTES } from '../../functions/tables/dynamo/consumed-units.ts';
import type { NewTables } from '../../functions/tables/new/new-tables.ts';
import type { LeaseOptions } from '../lease/lease.ts';
import type { FirstCopy } from './first-copy.ts';
import type { Worker } from './persevere.ts';
import type { Pace } from './write-pace.ts';
import { unitsOfPlainRow, unitsOfWrites } from './write-units.ts';

/** What a copier works with: all that the protocol does, and in a first run rows that are put past it. */
export interface Copier extends Worker {
  readonly data: Pick<NewTables, 'readRows' | 'scan'>;
  readonly first?: FirstCopy;
  /** Asked before each write, of whatever table. */
  readonly pace: Pace;
}

/** A new data row is written to the table and to each of its indexes, which project ALL. */
const DATA_ROW_COPIES = 1 + Object.keys(TABLES[NEW_DATA].indexes).length;

/** The write units that puts of new data rows take, indexes included. An upper bound: an index leaves out rows without its key. */
export function writeUnitsOf(rows: readonly Item[]): number {
  return rows.reduce((units, row) => units + Math.ceil(itemBytes(row) / WRITE_UNIT_BYTES) * DATA_ROW_COPIES, 0);
}

/**
 * The same copier, which waits before each single write for its units, and then asks whether it may. So a process that was
 * halted for longer than its lease lasts, and then continues, writes nothing beside the one that took over. A write that was
 * refused has taken units too (Developer Guide, "Capacity unit consumption for write operations"), and no answer tells how
 * many: then the estimate stays.
 *
 * @param requireAllowed throws where it may not.
 */
export function guardWrites(
  copier: Omit<Copier, 'pause' | 'first'> & Pick<LeaseOptions, 'sleep' | 'stop'>,
  requireAllowed: () => void,
): Copier {
  const guarded =
    <Arguments extends unknown[], Result>(
      write: (...given: Arguments) => Promise<Result>,
      unitsOf: (...given: Arguments) => number = () => 1,
    ) =>
    async (...given: Arguments): Promise<Result> => {
      const settle = await copier.pace(unitsOf(...given));
      // Only now: the lease may have been lost while the write waited.
      requireAllowed();
      const result = await write(...given);
      if (result !== false) settle?.();
      return result;
    };
  const { control, transactions } = copier.replication;
  return {
    pace: copier.pace,
    pause: (ms) => pauseUnlessStopped(copier, ms),
    data: copier.data,
    replication: {
      ...copier.replication,
      control: {
        ...control,
        // Neither has a condition that would stop an attempt that comes late, so each attempt asks.
        put: guarded(
          (partition, sort, value) => control.put(partition, sort, value, requireAllowed),
          (_partition, _sort, value) => unitsOfPlainRow(value),
        ),
        delete: guarded((partition, sort) => control.delete(partition, sort, requireAllowed)),
        clearMark: guarded(control.clearMark),
      },
      transactions: { ...transactions, write: guarded(transactions.write, unitsOfWrites) },
    },
  };
}

/** Who is to stop waits no longer, and finishes the page in hand. */
export async function pauseUnlessStopped(
  { sleep, stop }: Pick<LeaseOptions, 'sleep' | 'stop'>,
  ms: number,
): Promise<void> {
  try {
    await sleep(ms, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}
