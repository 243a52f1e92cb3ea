import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type RecordSource, SOURCES, type Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';

export type OldItems = Readonly<Record<Source, readonly Item[]>>;

const KPIS = 12;

function shared(id: string, kpi: number): Item {
  return { id: { S: id }, tenant_id: { S: `tenant-${kpi % 2}` }, kpi_id: { S: `kpi-${kpi}` } };
}

export function oldLink(id: string, kpi: number, linkedAt: string): Item {
  return {
    ...shared(id, kpi),
    goal_id: { S: `goal-${id}` },
    linked_at: { S: linkedAt },
    is_primary: { BOOL: true },
    created_by: { S: 'user' },
    created_at: { S: linkedAt },
  };
}

const DATE = { S: '2024-01-01T00:00:00.0000000Z' };
const OWN_ATTRIBUTES: Readonly<Record<RecordSource, (value: string) => Item>> = {
  milestones: (value) => ({
    milestone_date: DATE,
    target_value: { N: value },
    created_by: { S: 'user' },
    created_at: DATE,
  }),
  actuals: (value) => ({
    measurement_date: DATE,
    actual_value: { N: value },
    data_source: { S: 'Manual' },
    recorded_by: { S: 'user' },
    recorded_at: DATE,
  }),
  readings: (value) => ({ reading_date: DATE, value: { N: value }, recorded_by: { S: 'user' }, recorded_at: DATE }),
};

export function oldRecord(source: RecordSource, id: string, kpi: number, value: string): Item {
  return { ...shared(id, kpi), ...OWN_ATTRIBUTES[source](value) };
}

/**
 * Old tables with a bit of everything that a copier meets: KPIs with no link, one and two; a malformed record and a malformed link; an
 * id that two tables share; attributes that nobody knows.
 *
 * @param more how many records a table has where that is not as many as the others have.
 */
export function oldItems(recordsPerTable: number, more: Partial<Record<RecordSource, number>> = {}): OldItems {
  const records = (source: RecordSource): Item[] =>
    Array.from({ length: more[source] ?? recordsPerTable }, (_, at) =>
      oldRecord(source, `${source}-${at}`, at % KPIS, `${at}.5`),
    );
  const { target_value: _, ...withoutValue } = oldRecord('milestones', 'malformed', 1, '1');
  const { goal_id: __, ...withoutGoal } = oldLink('malformed-link', 3, '2024-01-01T00:00:00Z');
  const [firstReading, ...readings] = records('readings');
  return {
    links: [
      ...Array.from({ length: KPIS - 2 }, (_, kpi) => oldLink(`link-${kpi}`, kpi, '2024-01-01T00:00:00Z')),
      oldLink('second-link', 0, '2023-01-01T00:00:00Z'),
      oldLink('third-link', 1, '2025-01-01T00:00:00Z'),
      { ...oldLink('heavy-link', 2, '2025-01-01T00:00:00Z'), weight: { N: '1.5' } },
      withoutGoal,
    ],
    milestones: [...records('milestones'), withoutValue],
    actuals: [...records('actuals'), oldRecord('actuals', 'milestones-0', 1, '99')],
    readings: [...readings, { ...firstReading, colour: { S: 'red' } }],
  };
}

/** Puts items into the old tables, twenty-five at a time. */
export async function load(client: DynamoDBClient, names: TableNames, items: Partial<OldItems>): Promise<void> {
  for (const source of SOURCES) {
    const all = items[source] ?? [];
    for (let start = 0; start < all.length; start += 25) {
      const requests = all.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [names[OLD_TABLE_OF[source]]]: requests } }));
    }
  }
}
