import { describe, expect, test } from 'vitest';
import { Breaker, type ReadOutcome } from '../../functions/read/breaker.ts';

const SETTINGS = { windowReads: 10, failuresToOpen: 3, wrongAnswersToOpen: 2, openMs: 1_000, probesToClose: 2 };

function breakerAt(time: { nowMs: number }): Breaker {
  return new Breaker({ nowMs: () => time.nowMs, after: () => () => {} }, SETTINGS);
}

describe('a breaker', () => {
  test.each<[string, ReadOutcome[], 'closed' | 'open']>([
    ['stays closed while all is right', Array(100).fill('right'), 'closed'],
    ['bears fewer failures than it is set to', ['error', 'time-out', 'right'], 'closed'],
    ['opens on errors', ['error', 'right', 'error', 'error'], 'open'],
    ['opens on time-outs', ['time-out', 'time-out', 'time-out'], 'open'],
    ['opens on both together', ['time-out', 'error', 'time-out'], 'open'],
    ['forgets failures that are long past', ['error', 'error', ...Array(9).fill('right'), 'error'], 'closed'],
    ['opens on wrong answers, however rare', ['wrong', ...Array(50).fill('right'), 'wrong'], 'open'],
  ])('%s', (_, outcomes, state) => {
    const breaker = breakerAt({ nowMs: 0 });
    for (const outcome of outcomes) breaker.record(outcome);
    expect(breaker.state).toBe(state);
  });

  function opened(time: { nowMs: number }): Breaker {
    const breaker = breakerAt(time);
    for (let n = 0; n < 3; n += 1) breaker.record('error');
    return breaker;
  }

  test('lets no probe through before its time, and then one at a time', () => {
    const time = { nowMs: 0 };
    const breaker = opened(time);
    expect(breaker.tryProbe()).toBe(false);
    time.nowMs = 1_000;
    expect(breaker.state).toBe('half-open');
    expect([breaker.tryProbe(), breaker.tryProbe()]).toEqual([true, false]);
  });

  test('closes after as many right probes as it is set to, and then counts anew', () => {
    const time = { nowMs: 0 };
    const breaker = opened(time);
    time.nowMs = 1_000;
    for (const state of ['half-open', 'closed']) {
      expect(breaker.tryProbe()).toBe(true);
      breaker.recordProbe('right');
      expect(breaker.state).toBe(state);
    }
    breaker.record('error');
    breaker.record('error');
    expect(breaker.state).toBe('closed');
  });

  test.each<ReadOutcome>(['error', 'time-out', 'wrong'])('opens again on a probe that ends as %s', (outcome) => {
    const time = { nowMs: 0 };
    const breaker = opened(time);
    time.nowMs = 1_500;
    breaker.tryProbe();
    breaker.recordProbe('right');
    breaker.tryProbe();
    breaker.recordProbe(outcome);
    expect(breaker.state).toBe('open');
    time.nowMs = 2_499;
    expect(breaker.state).toBe('open');
    time.nowMs = 2_500;
    breaker.tryProbe();
    breaker.recordProbe('right');
    expect(breaker.state).toBe('half-open');
  });

  test('takes a probe that told nothing as not made', () => {
    const time = { nowMs: 1_000 };
    const breaker = opened(time);
    time.nowMs = 2_000;
    breaker.tryProbe();
    breaker.recordProbe(undefined);
    expect(breaker.state).toBe('half-open');
    expect(breaker.tryProbe()).toBe(true);
  });

  test('does not count what comes in after it opened', () => {
    const time = { nowMs: 0 };
    const breaker = opened(time);
    time.nowMs = 900;
    breaker.record('error');
    time.nowMs = 1_000;
    expect(breaker.state).toBe('half-open');
  });
});
