import type { NewTable } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import { itemBytes } from '../../model/item-size.ts';
import { MigrationError } from '../../model/migration-error.ts';

/** Tables that this project owns. Only these can be part of a transaction: see functions/tables/README.md. */
export type OwnTable = NewTable | 'control';

/** One row by its whole primary key. */
export interface RowKey {
  readonly table: OwnTable;
  readonly key: Item;
}

/**
 * One write of a transaction. With `ifToken`, it takes effect only if the stored row's `token` is just that, and with
 * `null` only if it has none or there is no row; with `ifAbsent`, only if there is no row of its key; with `ifUnchanged`, only if the row is still
 * that one. `absent` and `unchanged` write nothing, and demand it.
 */
export type Write =
  | {
      readonly kind: 'put';
      readonly table: OwnTable;
      readonly item: Item;
      readonly ifToken?: string | null;
      readonly ifAbsent?: boolean;
      readonly ifUnchanged?: Item;
    }
  | {
      readonly kind: 'delete';
      readonly table: OwnTable;
      readonly key: Item;
      readonly ifToken?: string | null;
      readonly ifUnchanged?: Item;
    }
  | { readonly kind: 'absent'; readonly table: OwnTable; readonly key: Item }
  | { readonly kind: 'unchanged'; readonly table: OwnTable; readonly key: Item; readonly ifUnchanged: Item };

/** Whether it only demands something. */
export function isCheck(write: Write): boolean {
  return write.kind === 'absent' || write.kind === 'unchanged';
}

/** Items a transaction may hold, read or write (DynamoDB service quotas). */
export const TRANSACTION_ITEMS_MAX = 100;

/** Bytes put into one transaction at most; DynamoDB refuses more than 4 MB. */
export const TRANSACTION_BYTES_MAX = 3_500_000;

/** Bytes that the writes put, or compare with what is stored. */
export function bytesOf(writes: readonly Write[]): number {
  return writes.reduce((sum, write) => {
    const put = write.kind === 'put' ? itemBytes(write.item) : 0;
    return sum + put + ('ifUnchanged' in write && write.ifUnchanged ? itemBytes(write.ifUnchanged) : 0);
  }, 0);
}

/** Items that fit the 4 MB of a transaction even if each is as large as an item can be, with room for a quarantined image. */
export const ITEMS_OF_ANY_SIZE_MAX = 8;

/** The rows asked for are more than a transaction can return at once (4 MB). */
export class TransactionTooLargeError extends MigrationError {
  constructor(cause: unknown) {
    super('TRANSACTION_TOO_LARGE', 'The rows of one transactional read exceed 4 MB.', {
      cause,
      nextStep: 'No action needed: fewer rows are read at once.',
    });
  }
}

/** Atomic reads and writes over the new tables and the control table. */
export interface Transactions {
  /**
   * Reads up to {@link TRANSACTION_ITEMS_MAX} rows as of one instant; the answer is in the order of the keys.
   *
   * @throws TransactionTooLargeError where they exceed 4 MB.
   */
  read(keys: readonly RowKey[]): Promise<readonly (Item | undefined)[]>;

  /**
   * Applies up to {@link TRANSACTION_ITEMS_MAX} writes as one, or none of them.
   *
   * @returns false where a token or a row was not as demanded and nothing was written.
   */
  write(writes: readonly Write[]): Promise<boolean>;
}
