import { hostname, userInfo } from 'node:os';
import type { Caller } from '../../functions/account/caller.ts';

/**
 * Who runs this command, for the records of who did what: the caller's ARN, which AWS vouches for. The name on this machine
 * is no proof, and stands in only where nobody vouches.
 */
export function operatorOf(caller: Caller | undefined): string {
  return caller?.arn ?? `${userInfo().username} on ${hostname()}`;
}

/** The same with the process, for other operators to find it. */
export function processOf(caller: Caller | undefined): string {
  const process_ = `process ${process.pid}`;
  return caller ? `${caller.arn} on ${hostname()}, ${process_}` : `${operatorOf(caller)}, ${process_}`;
}
