import { describe, expect, test } from 'vitest';
import { earliestDate, ownerOf, personOfOwner } from '../../functions/migration/link-mapping.ts';
import type { Item } from '../../functions/model/attribute-value.ts';

const KPI = { tenantId: 'tenant', kpiId: 'kpi' };

describe('ownerOf', () => {
  test.each<[string, Item | undefined, string | undefined]>([
    ['is the owner_id of the KPI item', { tenant_id: { S: 'tenant' }, owner_id: { S: 'user' } }, 'user'],
    ['is none where there is no item', undefined, undefined],
    ['is none where the item is of another tenant', { tenant_id: { S: 'other' }, owner_id: { S: 'user' } }, undefined],
    ['is none where the item has no tenant', { owner_id: { S: 'user' } }, undefined],
    ['is none where owner_id is absent', { tenant_id: { S: 'tenant' } }, undefined],
    ['is none where owner_id is NULL', { tenant_id: { S: 'tenant' }, owner_id: { NULL: true } }, undefined],
    ['is none where owner_id is empty', { tenant_id: { S: 'tenant' }, owner_id: { S: '' } }, undefined],
    ['is none where owner_id is no text', { tenant_id: { S: 'tenant' }, owner_id: { N: '7' } }, undefined],
  ])('%s', (_, kpiItem, owner) => {
    expect(ownerOf(KPI, kpiItem)).toBe(owner);
  });
});

describe('earliestDate', () => {
  test.each([
    ['none of none', [], undefined],
    ['the only one', ['2024-01-02'], '2024-01-02'],
    [
      'the smallest instant, not the smallest text',
      ['2024-01-01T00:00:00Z', '2024-01-01T09:00:00+09:30'],
      '2024-01-01T09:00:00+09:30',
    ],
    ['the smallest text of those that are one instant', ['2024-01-01T00:00:00Z', '2024-01-01'], '2024-01-01'],
    ['an instant before what is none', ['1 January', '2024-01-01'], '2024-01-01'],
    ['the smallest text where none is an instant', ['today', 'now', 'soon'], 'now'],
  ])('is %s', (_, dates, earliest) => {
    expect(earliestDate(dates)).toBe(earliest);
    expect(earliestDate(dates.toReversed())).toBe(earliest);
  });
});

test('a KPI whose owner is too long for a key gets no personal link', () => {
  expect(personOfOwner(KPI, 'u'.repeat(1_025), [])).toBeUndefined();
  expect(personOfOwner(KPI, 'u'.repeat(1_024), [])).toBeDefined();
});

test('people who are not the user, or of another tenant, are passed over', () => {
  const person = (id: string, tenantId: string, userId: string): Item => ({
    id: { S: id },
    tenant_id: { S: tenantId },
    linked_user_id: { S: userId },
  });
  const others = [person('1', 'tenant', 'another'), person('2', 'other', 'user')];
  const personIn = (people: readonly Item[]) => personOfOwner(KPI, 'user', people);
  expect(personIn(others)).toBe('user');
  expect(personIn([...others, person('4', 'tenant', 'user'), person('3', 'tenant', 'user')])).toBe('3');
});
