import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fanOutRowId, ID_NAMESPACE, personalLinkId } from '../../functions/migration/ids.ts';

// The ids here were made by Python's uuid.uuid5.

test('ids are made in the namespace of tables.md', () => {
  expect(ID_NAMESPACE).toBe('9b3c1f0e-6d0a-5c39-9f5e-2f1d7b8a4c61');
});

test.each([
  ['a', 'b', '1403c712-88f1-5d70-a1a6-b15315e23c76'],
  [
    '40000000-0000-4000-8000-000000000001',
    '30000000-0000-4000-8000-000000000002',
    'ad16a3c5-c4e5-55b1-bd11-46469876273a',
  ],
  [
    '40000000-0000-4000-8000-00000000000A',
    '30000000-0000-4000-8000-00000000000B',
    '84538fe1-d278-5282-ba08-c1ca8b54582f',
  ],
  ['actual/ü', 'link €', '008e49f6-c69a-56f1-bb8d-1c020b378480'],
  ['𝔘', '1', '1a65ae2f-ebac-56d0-93ef-e8c3802c4f96'],
])('the row of record %s under link %s is %s', (recordId, linkId, rowId) => {
  expect(fanOutRowId(recordId, linkId)).toBe(rowId);
});

test.each([
  ['kpi', 'fd029afd-440e-5cb6-b8c3-5edcae8f774f'],
  ['20000000-0000-4000-8000-000000000001', '93c205b0-812e-5143-97f3-fd46874e00ac'],
  ['KPI #1', '668176bb-cc4d-5d4d-921d-757cd9044567'],
])("the link of KPI %s's own is %s", (kpiId, linkId) => {
  expect(personalLinkId(kpiId)).toBe(linkId);
});

test('rows of different records, or under different links, have different ids', async () => {
  await fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.uuid(), fc.uuid()), { selector: ([left, right]) => left + right }),
      (pairs) => {
        const ids = pairs.map(([recordId, linkId]) => fanOutRowId(recordId, linkId));
        expect(new Set(ids).size).toBe(pairs.length);
      },
    ),
  );
});
