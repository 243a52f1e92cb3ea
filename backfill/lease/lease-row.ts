import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { BACKFILL_PARTITION } from '../../functions/tables/control/documents.ts';
import type { RowKey, Transactions } from '../../functions/tables/dynamo/transactions.ts';

/** Who holds the lease, as its row in the control table has it. */
export interface Holder {
  readonly owner: string;
  /** Another at every change of the row, so that whoever takes the lease over does so from what it has read. */
  readonly token: string;
  /** Milliseconds since the epoch; 0 once the lease was given up. */
  readonly untilMs: number;
}

/** Where a lease is kept. */
export interface LeasePlace {
  readonly key: RowKey;
  /** What has to be held for at least as long, whenever this lease is taken or renewed; false where it cannot be. */
  readonly within?: (untilMs: number) => Promise<boolean>;
}

/** The lease of whoever copies: a process, or a group of which each member has a lease of its own within it. */
export const BACKFILL_LEASE: LeasePlace = { key: leaseKey('lease') };

/** The key of a lease's row. */
export function leaseKey(sort: string): RowKey {
  return { table: 'control', key: { pk: { S: BACKFILL_PARTITION }, sk: { S: sort } } };
}

/** Who holds the lease, or held it last; undefined where nobody ever did. */
export async function readHolder(
  transactions: Pick<Transactions, 'read'>,
  { key }: Pick<LeasePlace, 'key'> = BACKFILL_LEASE,
): Promise<Holder | undefined> {
  const [item] = await transactions.read([key]);
  if (item === undefined) return undefined;
  const { held_until_ms: until } = item;
  return {
    owner: textOf(item, 'owner') ?? '',
    token: textOf(item, 'token') ?? '',
    untilMs: until !== undefined && 'N' in until ? Number(until.N) : 0,
  };
}

/** @returns false where the row no longer has that token. */
export function writeHolder(
  transactions: Pick<Transactions, 'write'>,
  { key }: RowKey,
  holder: Holder,
  ifToken: string | null,
): Promise<boolean> {
  const item: Item = {
    ...key,
    owner: { S: holder.owner },
    token: { S: holder.token },
    held_until_ms: { N: String(holder.untilMs) },
  };
  return transactions.write([{ kind: 'put', table: 'control', item, ifToken }]);
}

type Phase = 'taken' | 'renewed' | 'given-up';

/** The lease's row as its holder writes it. */
export class LeaseRow {
  readonly #transactions: Transactions;
  readonly #owner: string;
  /** What every token of this holder begins with. */
  readonly #identity: string;
  readonly #phase: Phase;
  readonly #place: LeasePlace;
  #token: string | null;
  #writes = 0;

  /**
   * @param identity unlike that of any other holder; each phase of a holder writes tokens of its own.
   * @param token that of the row as it is known; null where there is none.
   */
  constructor(
    transactions: Transactions,
    { owner, identity }: { readonly owner: string; readonly identity: string },
    phase: Phase,
    token: string | null,
    place: LeasePlace = BACKFILL_LEASE,
  ) {
    this.#transactions = transactions;
    this.#owner = owner;
    this.#identity = identity;
    this.#phase = phase;
    this.#place = place;
    this.#token = token;
  }

  get token(): string | null {
    return this.#token;
  }

  /** @returns false where another has written the row since, or what it lies within is not held. */
  async write(untilMs: number): Promise<boolean> {
    const { key, within } = this.#place;
    if (within && this.#phase !== 'given-up' && !(await within(untilMs))) return false;
    for (;;) {
      this.#writes += 1;
      const token = `${this.#identity}#${this.#phase}-${this.#writes}`;
      if (await writeHolder(this.#transactions, key, { owner: this.#owner, token, untilMs }, this.#token)) {
        this.#token = token;
        return true;
      }
      // The client tries again where it missed an answer, and is refused by its own effect.
      const stored = await readHolder(this.#transactions, this.#place);
      if (stored === undefined || !stored.token.startsWith(`${this.#identity}#`)) return false;
      this.#token = stored.token;
      if (stored.token === token) return true;
    }
  }
}
