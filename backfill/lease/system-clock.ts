import type { LeaseClock } from './lease-term.ts';

/** The clocks of this machine. The steady one is the same in all threads, which `performance.now` is not. */
export const SYSTEM_CLOCK: LeaseClock = {
  nowMs: Date.now,
  steadyMs: () => Number(process.hrtime.bigint()) / 1_000_000,
};
