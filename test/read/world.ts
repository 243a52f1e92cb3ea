import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type ExpectedRows, expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import type { TableNames, TableRole } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../functions/model/item-size.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';

const CREATED = { created_by: { S: 'user-1' }, created_at: { S: '2024-01-01T00:00:00.0000000Z' } };
const RECORDED = { recorded_by: { S: 'user-1' }, recorded_at: { S: '2024-01-01T00:00:00.0000000Z' } };

function text(attributes: Readonly<Record<string, string>>): Item {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { S: value }]));
}

export function link(tenant: string, id: string, kpi: string, changes: Item = {}): Item {
  const goal = `goal-of-${kpi}`;
  return {
    ...text({ id, tenant_id: tenant, kpi_id: kpi, goal_id: goal, linked_at: '2024-01-01T00:00:00Z' }),
    is_primary: { BOOL: true },
    ...CREATED,
    ...changes,
  };
}

export function milestone(tenant: string, id: string, kpi: string, date: string, changes: Item = {}): Item {
  return {
    ...text({ id, tenant_id: tenant, kpi_id: kpi, milestone_date: date }),
    target_value: { N: '12345678901234567890.123456789012345678' },
    ...CREATED,
    ...changes,
  };
}

export function actual(tenant: string, id: string, kpi: string, date: string, changes: Item = {}): Item {
  return {
    ...text({ id, tenant_id: tenant, kpi_id: kpi, measurement_date: date, data_source: 'Import' }),
    actual_value: { N: '1' },
    ...RECORDED,
    ...changes,
  };
}

export function reading(tenant: string, id: string, kpi: string, date: string, changes: Item = {}): Item {
  return {
    ...text({ id, tenant_id: tenant, kpi_id: kpi, reading_date: date }),
    value: { N: '2' },
    ...RECORDED,
    ...changes,
  };
}

/** An item of the size DynamoDB stores at most: the row it maps to, which has more attributes, is too large. */
function asLargeAsItCanBe(item: Item, attribute: string): Item {
  const rest = itemBytes({ ...item, [attribute]: { S: '' } });
  return { ...item, [attribute]: { S: 'x'.repeat(ITEM_BYTES_MAX - rest) } };
}

const DAYS = ['2024-02-01', '2024-02-01T00:00:00.0000000Z', '2024-02-01T23:00:00-05:00', '2024-02-02T01:00:00+02:00'];
/** Texts that no date is, in whose order UTF-16 and UTF-8 differ. */
const ODD_DATES = ['\u{1F4C8} a date', '\uFF12\uFF10 a date', '2024-02-01 é'];

/**
 * Tenants that share KPI ids; KPIs with one link, with four, with none; dates that many records share; and of everything that
 * is quarantined, one.
 */
export function worldOfReads(): OldContent {
  const links = [
    link('t1', 'l-only', 'single'),
    // A fan-out whose anchor is decided by instant, not by text, and of two equal instants by id.
    link('t1', 'l-d', 'fan', { linked_at: { S: '2024-01-01T02:00:00+03:00' }, goal_id: { S: 'goal-d' } }),
    link('t1', 'l-c', 'fan', { linked_at: { S: '2023-12-31T23:00:00Z' }, created_by: { S: 'user-2' } }),
    link('t1', 'l-b', 'fan', { linked_at: { S: '2024-01-01T01:00:00Z' }, goal_id: { S: 'goal-of-single' } }),
    link('t1', 'l-a', 'fan', { linked_at: { S: '2024-01-01T01:00:00.0000000Z' } }),
    link('t1', 'l-1-shared', 'shared', { goal_id: { S: 'goal-shared' } }),
    link('t2', 'l-2-shared', 'shared', { goal_id: { S: 'goal-shared' } }),
    link('t2', 'l-3-shared', 'shared', { linked_at: { S: '2023-01-01' } }),
    // Quarantined; by date each would be the anchor.
    link('t1', 'l-broken', 'fan', { is_primary: { S: 'yes' }, linked_at: { S: '2020-01-01' } }),
    link('t1', 'l-nobody', 'fan', { created_by: { S: '' }, linked_at: { S: '2020-01-01' } }),
    link('t1', 'l-#Target', 'hash'),
    link('t1', 'l-', 'hash'),
  ];
  const milestones = [
    ...DAYS.flatMap((date, day) => [0, 1].map((n) => milestone('t1', `m-${n}-${day}`, 'fan', date))),
    milestone('t1', 'm-single', 'single', '2024-03-01', { label: { S: 'March' }, confidence_level: { N: '0.50' } }),
    milestone('t1', 'm-later', 'single', '2024-05-01', { rationale: { NULL: true } }),
    milestone('t2', 'm-shared', 'shared', '2024-03-01'),
    milestone('t1', 'm-broken', 'fan', '2024-02-01', { target_value: { S: '1' } }),
    milestone('t1', 'collides', 'single', '2024-02-01'),
    milestone('t1', 'm-hash', 'hash', '2024-02-01'),
  ];
  const actuals = [
    ...[...DAYS, ...ODD_DATES].flatMap((date, day) => [0, 1, 2].map((n) => actual('t1', `a-${n}-${day}`, 'fan', date))),
    actual('t1', 'a-1-shared', 'shared', '2024-04-01'),
    actual('t2', 'a-2-shared', 'shared', '2024-04-01', { is_manual_override: { N: '1' } }),
    actual('t1', 'a-broken', 'fan', '2024-02-01', { data_source: { NULL: true } }),
    actual('t1', 'a-held', 'linkless', '2024-04-02T00:00:00+14:00'),
    actual('t2', 'a-held-2', 'linkless', '2024-04-02'),
    asLargeAsItCanBe(actual('t1', 'a-too-large', 'single', '2024-04-01'), 'override_comment'),
  ];
  const readings = [
    ...DAYS.flatMap((date, day) => [0, 1].map((n) => reading('t1', `r-${n}-${day}`, 'fan', date, { note: { S: '' } }))),
    reading('t1', 'collides', 'fan', '2024-02-01'),
    reading('t1', 'r-held', 'linkless', '2024-04-01T23:00:00Z'),
    reading('t1', 'r-ownerless', 'ownerless', '2024-04-01'),
  ];
  return {
    links,
    milestones,
    actuals,
    readings,
    kpis: [
      text({ id: 'single', tenant_id: 't1', owner_id: 'owner' }),
      // The KPI item of a shared id is of one tenant; for the other it is missing.
      text({ id: 'shared', tenant_id: 't2', owner_id: 'owner' }),
      text({ id: 'linkless', tenant_id: 't1', owner_id: 'owner' }),
    ],
    people: [
      text({ id: 'p-2', tenant_id: 't1', linked_user_id: 'owner' }),
      text({ id: 'p-1', tenant_id: 't1', linked_user_id: 'owner' }),
      text({ id: 'p-0', tenant_id: 't2', linked_user_id: 'owner' }),
      text({ id: 'p-3', tenant_id: 't1', linked_user_id: 'user-2' }),
    ],
  };
}

/** Fills the old tables with the content, and the new ones with what the mapping makes of it. */
export async function fillTables(
  client: DynamoDBClient,
  names: TableNames,
  content: OldContent,
  heldRecords: HeldRecords,
): Promise<ExpectedRows> {
  const expected = expectedRows(content, heldRecords);
  const itemsOf: Partial<Record<TableRole, Iterable<Item>>> = {
    goalKpiLinks: content.links,
    kpiMilestones: content.milestones,
    kpiActuals: content.actuals,
    kpiReadings: content.readings,
    kpis: content.kpis,
    people: content.people,
    kpiLinks: expected.kpiLinks.values(),
    kpiData: expected.kpiData.values(),
  };
  await Promise.all(
    Object.entries(itemsOf).map(([role, items]) => putAll(client, names[role as TableRole], [...items])),
  );
  return expected;
}

const BATCH_WRITE_MAX = 25;

export async function putAll(client: DynamoDBClient, tableName: string, items: readonly Item[]): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH_WRITE_MAX) {
    const requests = items.slice(start, start + BATCH_WRITE_MAX).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
}
