import { readRunState } from '../copy/run-state.ts';
import { groupLease, type MemberOptions } from './member.ts';
import { writeStopMark } from './stop-mark.ts';

export interface StopOptions extends Pick<MemberOptions, 'replication' | 'group' | 'newToken' | 'nowMs'> {
  readonly by: string;
  /** Has no more workers started. */
  readonly endExecution: () => void | Promise<void>;
  /** Resolves when it is time for another look at the workers. */
  readonly pause: () => Promise<unknown>;
}

/** Has the workers of a group end after the pages in hand, starts none any more, and gives the group's lease up when none may write. */
export async function stopGroup(options: StopOptions): Promise<void> {
  const { replication, group, by, nowMs, endExecution, pause } = options;
  const { control } = replication;
  await writeStopMark(control, { group, by, at: new Date(nowMs()).toISOString() });
  await endExecution();
  while ((await readRunState(control)).members.some(({ untilMs }) => untilMs > nowMs())) await pause();
  await groupLease(options).giveUp();
}
