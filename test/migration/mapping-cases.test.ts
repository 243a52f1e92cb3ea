import { describe, expect, test } from 'vitest';
import { expectedRows } from '../../functions/migration/expected.ts';
import { expandRepeats, mappingCases, sortedById } from './mapping-case.ts';

const CASES = mappingCases();

describe('the old tables of a case give exactly the rows that tables.md demands', () => {
  test.each(CASES)('$name: $rule', ({ old, heldRecords, expected }) => {
    const actual = expectedRows(old, heldRecords);

    expect({
      kpiLinks: sortedById(actual.kpiLinks.values()),
      kpiData: sortedById(actual.kpiData.values()),
      held: sorted(actual.held.map(({ source, id }) => ({ source, id }))),
      quarantined: sorted(actual.quarantined.map(({ source, id, reason }) => ({ source, id, code: reason.code }))),
      warnings: sorted(actual.warnings.map(({ source, id, warning }) => ({ source, id, code: warning.code }))),
      unknownAttributes: Object.fromEntries(actual.unknownAttributes),
    }).toStrictEqual({
      ...expected,
      kpiLinks: sortedById(expected.kpiLinks),
      kpiData: sortedById(expected.kpiData),
      held: sorted(expected.held),
      quarantined: sorted(expected.quarantined),
      warnings: sorted(expected.warnings),
    });
  });
});

describe('the cases together', () => {
  test('show every reason for quarantine that the mapping gives', () => {
    const codes = new Set(CASES.flatMap(({ expected }) => expected.quarantined.map(({ code }) => code)));
    expect([...codes].sort()).toEqual([
      'id-collision',
      'key-too-long',
      'missing-attribute',
      'no-person',
      'not-an-instant',
      'row-too-large',
      'wrong-type',
    ]);
  });

  test('show every warning', () => {
    const codes = new Set(CASES.flatMap(({ expected }) => expected.warnings.map(({ code }) => code)));
    expect([...codes].sort()).toEqual([
      'display-order-not-integer',
      'second-link-to-goal',
      'several-people',
      'threshold-out-of-range',
      'unknown-link-type',
      'weight-out-of-range',
    ]);
  });
});

test('a repeated text in a case is written out', () => {
  const text = '{"S":{"repeat":"ab","times":3},"N":"1"}';
  expect(JSON.parse(text, expandRepeats)).toEqual({ S: 'ababab', N: '1' });
});

function sorted<T>(entries: readonly T[]): T[] {
  return [...entries].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}
