import { expect, test } from 'vitest';
import { textOf } from '../../functions/model/attribute-value.ts';
import { SORT_KEY_BYTES_MAX } from '../../functions/model/key-limits.ts';
import { kpiIdentity } from '../../functions/model/kpi.ts';
import { recordTokenKey, touchedRecordKey } from '../../functions/tables/control/control-rows.ts';
import { kpiRowKey, spilledLinkKey } from '../../functions/tables/control/kpi-rows.ts';
import { quarantineKey } from '../../functions/tables/control/quarantine-rows.ts';

/** Any ids that an item or an event may name; of odd ones no two may meet under one key. */
const IDS = [
  ...['a', 'a#b', 'a/b', 'a%23b', 'é', '\u2028', '\u0000', '\u{1F4C8}', ' ', '.'],
  ...['\uD800', '\uD801', '\uDC00\uD800', '\uFFFD', '?'],
  ...['x'.repeat(600), 'x'.repeat(601), 'x'.repeat(2_048), 'é'.repeat(1_024), '\u2028'.repeat(682)],
];

test('every id has a key of its own in the control table, and one that DynamoDB takes', () => {
  const keys = IDS.flatMap((id) => [
    quarantineKey('links', id),
    recordTokenKey(id),
    kpiRowKey({ tenantId: id, kpiId: 'k' }),
    kpiRowKey({ tenantId: 't', kpiId: id }),
    touchedRecordKey({ tenantId: 't', kpiId: 'k' }, id),
    touchedRecordKey({ tenantId: id, kpiId: id }, id),
    spilledLinkKey({ tenantId: 't', kpiId: 'k' }, id),
  ]);
  const texts = keys.map(({ key }) => JSON.stringify(key));
  expect(new Set(texts).size).toBe(keys.length);
  for (const { key } of keys) {
    expect(Buffer.byteLength(textOf(key, 'pk') ?? '')).toBeLessThanOrEqual(2_048);
    expect(Buffer.byteLength(textOf(key, 'sk') ?? '')).toBeLessThanOrEqual(SORT_KEY_BYTES_MAX);
    expect(textOf(key, 'sk')).not.toBe('');
  }
});

test('a KPI of one tenant is never that of another, whatever signs their ids hold', () => {
  const [one, other] = [
    { tenantId: 'a\u0000b', kpiId: 'c' },
    { tenantId: 'a', kpiId: 'b\u0000c' },
  ];
  expect(kpiRowKey(one)).not.toEqual(kpiRowKey(other));
  expect(kpiIdentity(one)).not.toBe(kpiIdentity(other));
  expect(kpiIdentity({ tenantId: 'a#1', kpiId: 'c' })).not.toBe(kpiIdentity({ tenantId: 'a', kpiId: '1#c' }));
});
