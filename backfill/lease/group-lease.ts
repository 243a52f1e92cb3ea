import type { Transactions } from '../../functions/tables/dynamo/transactions.ts';
import { BACKFILL_LEASE, type Holder, type LeasePlace, leaseKey, readHolder, writeHolder } from './lease-row.ts';

/** What the owner of the backfill's lease begins with where a group of processes holds it. */
const GROUP_OWNER = 'workflow ';

/** The owner that the lease's row names for a group. */
export function groupOwner(group: string): string {
  return `${GROUP_OWNER}${group}`;
}

/** The group that holds the lease; undefined where one process does. */
export function groupOf({ owner }: Pick<Holder, 'owner'>): string | undefined {
  return owner.startsWith(GROUP_OWNER) ? owner.slice(GROUP_OWNER.length) : undefined;
}

/** The sort keys of members' leases begin with it. */
const MEMBER = 'lease#';

/**
 * The backfill's lease, held by a group of processes at once: each of them may renew it. What keeps two members apart, and each of them
 * from writing too late, is the lease that it has of its own ({@link memberLease}).
 *
 * The group's lease lasts at least as long as the lease of each member. So whoever takes the group's lease over finds no member that may still write.
 */
export class GroupLease {
  readonly #transactions: Pick<Transactions, 'read' | 'write'>;
  readonly #group: string;
  readonly #process: string;
  #writes = 0;

  /**
   * @param group its name, unlike that of any other holder.
   * @param process unlike that of any other process of the group.
   */
  constructor(transactions: Pick<Transactions, 'read' | 'write'>, group: string, process: string) {
    this.#transactions = transactions;
    this.#group = group;
    this.#process = process;
  }

  /** Whether the group has the lease, or had it last and did not give it up. */
  async isOurs(): Promise<boolean> {
    return this.#isOurs(await readHolder(this.#transactions));
  }

  /**
   * Sees to it that the group holds the lease until then, or longer.
   *
   * @returns false where another holds it, or where the group has given it up.
   */
  async hold(untilMs: number): Promise<boolean> {
    for (;;) {
      const stored = await readHolder(this.#transactions);
      if (!this.#isOurs(stored)) return false;
      if (stored.untilMs >= untilMs || (await this.#write(untilMs, stored))) return true;
    }
  }

  /** Gives the lease up in the name of all members. To be called when none of them may write any more. */
  async giveUp(): Promise<void> {
    for (;;) {
      const stored = await readHolder(this.#transactions);
      if (!this.#isOurs(stored) || (await this.#write(0, stored))) return;
    }
  }

  #isOurs(stored: Holder | undefined): stored is Holder {
    return stored !== undefined && stored.untilMs > 0 && stored.token.startsWith(`${this.#group}#`);
  }

  #write(untilMs: number, { token: ifToken }: Holder): Promise<boolean> {
    this.#writes += 1;
    const token = `${this.#group}#${this.#process}-${this.#writes}`;
    return writeHolder(
      this.#transactions,
      BACKFILL_LEASE.key,
      { owner: groupOwner(this.#group), token, untilMs },
      ifToken,
    );
  }
}

/** The lease of one member: of those that want the same work, one has it. It is taken and renewed only while the group has its own. */
export function memberLease(work: string, group: Pick<GroupLease, 'hold'>): LeasePlace {
  return { key: leaseKey(`${MEMBER}${work}`), within: (untilMs) => group.hold(untilMs) };
}

/** A member's lease as stored: until when it holds, or held when it was not given up in order; 0 where it was. */
export interface MemberTerm {
  readonly work: string;
  readonly untilMs: number;
}

/** The members' leases among the rows of the backfill's partition. Pure. */
export function memberTermsIn(
  rows: readonly { readonly sort: string; readonly value: Readonly<Record<string, unknown>> }[],
): MemberTerm[] {
  return rows
    .filter(({ sort }) => sort.startsWith(MEMBER))
    .map(({ sort, value }) => ({ work: sort.slice(MEMBER.length), untilMs: Number(value.held_until_ms ?? 0) }));
}

/** Until when puts of the members of all groups may take effect that nobody saw answered, in epoch milliseconds. Pure. */
export function membersLandUntilMs(terms: readonly MemberTerm[], putLandsWithinMs: number): number {
  return Math.max(0, ...terms.map(({ untilMs }) => (untilMs === 0 ? 0 : untilMs + putLandsWithinMs)));
}
