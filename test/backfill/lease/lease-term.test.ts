import { describe, expect, test } from 'vitest';
import {
  isHeld,
  type LeaseClock,
  lengthFor,
  lost,
  mayWrite,
  renewalEveryMs,
  termFromNow,
} from '../../../backfill/lease/lease-term.ts';
import { SharedTerm } from '../../../backfill/lease/shared-term.ts';

const START = { nowMs: 1_800_000_000_000, steadyMs: 5_000 };

/** The clocks so long after the start; the wall clock may be set meanwhile, and the steady one halted. */
function later(wallMs: number, steadyMs = wallMs): LeaseClock {
  return { nowMs: () => START.nowMs + wallMs, steadyMs: () => START.steadyMs + steadyMs };
}

const term = termFromNow(later(0), 10_000);

describe('a term of ten seconds', () => {
  test.each([
    ['at its beginning', later(0), true, true],
    ['before its last fifth', later(7_999), true, true],
    ['in its last fifth', later(8_000), true, false],
    ['at its end', later(10_000), false, false],
    ['when the wall clock was set back an hour, and it has run out', later(-3_600_000, 10_000), false, false],
    ['when the wall clock was set back an hour, in its last fifth', later(-3_600_000, 8_000), true, false],
    ['when the wall clock was set forward', later(3_600_000, 1), false, false],
    ['when the machine was suspended, which its steady clock did not see', later(60_000, 1), false, false],
  ])('%s', (_, clock, held, writable) => {
    expect(isHeld(term, clock)).toBe(held);
    expect(mayWrite(term, clock)).toBe(writable);
  });

  test('that is lost is held no more, and keeps its reserve', () => {
    expect(isHeld(lost(term), later(0))).toBe(false);
    expect(lost(term).reserveMs).toBe(2_000);
  });
});

describe('the length of a lease', () => {
  test.each([
    [0, 5_000],
    [1_000, 5_000],
    [1_001, 5_005],
    [3_000, 15_000],
    [6_000, 30_000],
    [60_000, 30_000],
  ])('after a renewal %i ms late is %i ms', (latenessMs, expected) => {
    expect(lengthFor({ leaseMs: 5_000, leaseMaxMs: 30_000 }, latenessMs)).toBe(expected);
  });

  test('is as set where it may not be more', () => {
    expect(lengthFor({ leaseMs: 60_000, leaseMaxMs: 60_000 }, 59_000)).toBe(60_000);
  });

  test('is such that a renewal twice as late comes in time', () => {
    const bounds = { leaseMs: 5_000, leaseMaxMs: 1_000_000 };
    for (let latenessMs = 0; latenessMs < 100_000; latenessMs += 97) {
      const lengthened = termFromNow(later(0), lengthFor(bounds, latenessMs));
      const tolerated = Math.max(2 * latenessMs, 2_000);
      expect(mayWrite(lengthened, later(renewalEveryMs(bounds) + tolerated))).toBe(true);
    }
  });
});

test('a term in shared memory is what was posted there, to the microsecond, and never later', () => {
  const shared = new SharedTerm();
  shared.post({ untilMs: 1_800_000_000_000.4, steadyUntilMs: 123_456_789.123_456_7, reserveMs: 1_000.5 });
  expect(new SharedTerm(shared.memory).read()).toEqual({
    untilMs: 1_800_000_000_000.4,
    steadyUntilMs: 123_456_789.123,
    reserveMs: 1_000.5,
  });
});
