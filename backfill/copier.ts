import type { Replication } from '../functions/sync/replication.ts';
import type { NewTables } from '../functions/tables/new-tables.ts';

/** What a copier works with: all that the protocol does, and rows put in where none was. */
export interface Copier {
  readonly replication: Replication;
  readonly data: NewTables;
  /** Resolves when so many write units may be used. */
  readonly pace: (writeUnits: number) => Promise<void>;
}

/**
 * The same copier, which asks before each single write whether it may. So a process that was halted for longer than its
 * lease lasts, and then goes on, writes nothing beside the one that took over.
 *
 * @param requireAllowed throws where it may not.
 */
export function guardWrites(copier: Copier, requireAllowed: () => void): Copier {
  const guarded =
    <Arguments extends unknown[], Result>(write: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      requireAllowed();
      return write(...given);
    };
  const { control, transactions } = copier.replication;
  return {
    pace: copier.pace,
    data: { ...copier.data, insertDataIfAbsent: guarded(copier.data.insertDataIfAbsent) },
    replication: {
      ...copier.replication,
      control: {
        ...control,
        put: guarded(control.put),
        delete: guarded(control.delete),
        clearMark: guarded(control.clearMark),
      },
      transactions: { ...transactions, write: guarded(transactions.write) },
    },
  };
}
