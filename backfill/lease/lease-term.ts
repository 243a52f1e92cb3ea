/** A lease is renewed this often within its time, so that a renewal may fail without harm. */
const RENEWALS_PER_LEASE = 3;

/** Part of the lease's time, at its end, in which the holder begins no write: one on its way may still land in it. */
const RESERVE = 0.2;

/**
 * How many times as long as a renewal was late a lease is to last. One twice as late still comes in time: it is due after a third of
 * the lease at most, and 1/3 + 2/5 is less than the 4/5 in which the holder writes.
 */
const LENGTH_PER_LATENESS = 5;

/**
 * The two clocks of a holder, in milliseconds. The wall clock is what others compare the stored end with; it can be set. The steady clock
 * only goes forward, and some systems halt it while the machine is suspended. A lease holds while both say so.
 */
export interface LeaseClock {
  readonly nowMs: () => number;
  readonly steadyMs: () => number;
}

/** How long a lease lasts. */
export interface LeaseLength {
  readonly leaseMs: number;
  /** To which a holder lengthens it where its renewals come late. */
  readonly leaseMaxMs: number;
}

/** One stretch of time for which the lease is held. */
export interface Term {
  /** By the wall clock; what the lease's row says. */
  readonly untilMs: number;
  readonly steadyUntilMs: number;
  readonly reserveMs: number;
}

/** The term that begins now, before it is asked for: what is granted later ends no later. */
export function termFromNow(clock: LeaseClock, lengthMs: number): Term {
  return {
    untilMs: clock.nowMs() + lengthMs,
    steadyUntilMs: clock.steadyMs() + lengthMs,
    reserveMs: RESERVE * lengthMs,
  };
}

/** Whether nobody else can have taken the lease over. */
export function isHeld(term: Term, clock: LeaseClock): boolean {
  return clock.nowMs() < term.untilMs && clock.steadyMs() < term.steadyUntilMs;
}

/** Whether a write that is begun now lands while the lease is held. */
export function mayWrite({ untilMs, steadyUntilMs, reserveMs }: Term, clock: LeaseClock): boolean {
  return isHeld({ untilMs: untilMs - reserveMs, steadyUntilMs: steadyUntilMs - reserveMs, reserveMs }, clock);
}

/** From one renewal to the next, and from one look at another's lease to the next. */
export function renewalEveryMs({ leaseMs }: Pick<LeaseLength, 'leaseMs'>): number {
  return leaseMs / RENEWALS_PER_LEASE;
}

/** From now to the next renewal: sooner where the last one came so late that little of the term is left, but not without a pause. */
export function pauseBeforeRenewalMs(term: Term, length: LeaseLength, { steadyMs }: LeaseClock): number {
  const everyMs = renewalEveryMs(length);
  const leftMs = term.steadyUntilMs - term.reserveMs - steadyMs();
  return Math.min(everyMs, Math.max(leftMs / 2, everyMs / 10));
}

/**
 * How long the next term is to be, so that this machine keeps it.
 *
 * @param latenessMs the longest time from when a renewal was due to when it was answered.
 */
export function lengthFor({ leaseMs, leaseMaxMs }: LeaseLength, latenessMs: number): number {
  return Math.min(Math.max(leaseMs, LENGTH_PER_LATENESS * latenessMs), leaseMaxMs);
}

/** The term of a lease that is lost; what was sent before may still land within its reserve. */
export function lost({ reserveMs }: Term): Term {
  return { untilMs: 0, steadyUntilMs: 0, reserveMs };
}
