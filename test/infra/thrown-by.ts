import { MigrationError } from '../../functions/model/migration-error.ts';

/** The MigrationError that the work throws; any other error goes on. */
export function thrownBy(work: () => unknown): MigrationError {
  try {
    work();
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  throw new Error('There was no error.');
}
