import { hostname, userInfo } from 'node:os';

/** Who runs a command, for others to ask. */
export function operatorName(): string {
  return `${userInfo().username} on ${hostname()}, process ${process.pid}`;
}
