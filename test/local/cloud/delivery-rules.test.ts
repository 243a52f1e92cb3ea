import { describe, expect, test } from 'vitest';
import {
  afterInvocation,
  type Deliverable,
  type Invocation,
  partByAge,
} from '../../../backfill/local/cloud/delivery-rules.ts';
import type { MappingLimits } from '../../../backfill/local/cloud/template.ts';

const LIMITS: MappingLimits = {
  batchSize: 10,
  batchingWindowSeconds: 0,
  maximumRetryAttempts: 2,
  maximumRecordAgeSeconds: -1,
  bisect: false,
};

function records(text: string): Deliverable[] {
  return [...text].map((sequenceNumber) => ({ sequenceNumber, createdAtMs: 0 }));
}

function textOf(batch: readonly Deliverable[]): string {
  return batch.map(({ sequenceNumber }) => sequenceNumber).join('');
}

/** What follows the delivery of `abcd`, as text: batches to deliver again with their failures, then what is given up. */
function follow(invocation: Invocation, limits: Partial<MappingLimits> = {}, failures = 0, batch = 'abcd'): string {
  const next = afterInvocation({ records: records(batch), failures }, invocation, { ...LIMITS, ...limits });
  const again = next.again.map((each) => `${textOf(each.records)}:${each.failures}`);
  return [...again, ...(next.discarded ? [`given up ${textOf(next.discarded.records)}`] : [])].join(' ');
}

const failuresOf = (...identifiers: unknown[]): Invocation => ({
  answer: { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) },
});

describe('after an invocation', () => {
  test.each<[what: string, invocation: Invocation, follows: string]>([
    ['an empty list takes all', failuresOf(), ''],
    ['no list takes all', { answer: {} }, ''],
    ['null takes all', { answer: null }, ''],
    ['a null list takes all', { answer: { batchItemFailures: null } }, ''],
    ['the lowest identifier is the checkpoint', failuresOf('d', 'c'), 'cd:0'],
    ['the first identifier fails all', failuresOf('a'), 'abcd:1'],
    ['an unknown identifier fails all', failuresOf('c', 'x'), 'abcd:1'],
    ['an empty identifier fails all', failuresOf(''), 'abcd:1'],
    ['a null identifier fails all', failuresOf(null), 'abcd:1'],
    ['a list that is none fails all', { answer: { batchItemFailures: 'c' } }, 'abcd:1'],
    ['a throw fails all', { error: new Error('x') }, 'abcd:1'],
  ])('%s', (_, invocation, follows) => {
    expect(follow(invocation)).toBe(follows);
  });

  test('progress begins a new count of failures', () => {
    expect(follow(failuresOf('c'), {}, 2)).toBe('cd:0');
  });

  test('after the last retry the batch is given up', () => {
    expect(follow({ error: 1 }, {}, 1)).toBe('abcd:2');
    expect(follow({ error: 1 }, {}, 2)).toBe('given up abcd');
    expect(follow({ error: 1 }, { maximumRetryAttempts: -1 }, 1_000)).toBe('abcd:1001');
    expect(follow({ error: 1 }, { maximumRetryAttempts: 0 })).toBe('given up abcd');
  });

  test('bisect splits what fails as a whole and uses up no retry, down to one record', () => {
    expect(follow({ error: 1 }, { bisect: true }, 1)).toBe('ab:1 cd:1');
    expect(follow({ error: 1 }, { bisect: true }, 1, 'abc')).toBe('ab:1 c:1');
    expect(follow({ error: 1 }, { bisect: true }, 1, 'a')).toBe('a:2');
    expect(follow({ error: 1 }, { bisect: true }, 2, 'a')).toBe('given up a');
  });
});

describe('the age limit', () => {
  const aged = [0, 1_000, 2_000].map((createdAtMs) => ({ sequenceNumber: String(createdAtMs), createdAtMs }));

  test.each([
    [60, 60_000, ''],
    [60, 61_000, '0'],
    [60, 62_000, '01000'],
    [60, 100_000, '010002000'],
    [-1, 1e12, ''],
  ])('of %s s at %s ms gives up %s', (maximumRecordAgeSeconds, nowMs, givenUp) => {
    const { tooOld, young } = partByAge(aged, nowMs, { ...LIMITS, maximumRecordAgeSeconds });
    expect(textOf(tooOld)).toBe(givenUp);
    expect([...tooOld, ...young]).toEqual(aged);
  });
});
