import type { BackfillOptions } from '../copy/backfill.ts';
import { GroupLease, groupOwner, memberLease } from '../lease/group-lease.ts';
import { acquireLease, type Lease } from '../lease/lease.ts';

/** What a member of a group works with. */
export interface MemberOptions
  extends Pick<
    BackfillOptions,
    | 'replication'
    | 'data'
    | 'leaseMs'
    | 'leaseMaxMs'
    | 'nowMs'
    | 'steadyMs'
    | 'newToken'
    | 'sleep'
    | 'pace'
    | 'putLandsWithinMs'
    | 'stop'
  > {
  /** Its name: that of the execution. */
  readonly group: string;
  readonly note: (message: string) => void;
}

/** This process's hold on the group's lease. */
export function groupLease({
  replication,
  group,
  newToken,
}: Pick<MemberOptions, 'replication' | 'group' | 'newToken'>): GroupLease {
  return new GroupLease(replication.transactions, group, newToken());
}

/** Takes the lease of one member, which holds only while the group has its own. @throws MigrationError `BACKFILL_RUNNING` */
export function acquireMemberLease(options: MemberOptions, group: GroupLease, work: string): Promise<Lease> {
  return acquireLease({
    ...options,
    transactions: options.replication.transactions,
    owner: `${groupOwner(options.group)}, ${work}`,
    place: memberLease(work, group),
    onWait: options.note,
  });
}
