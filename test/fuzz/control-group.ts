import type { ServiceWrite } from './materialise.ts';
import { Violation } from './violation.ts';
import type { WireItem } from './wire.ts';

const TENANT = '10000000-0000-4000-8000-00000000c0c0';
const KPI = '20000000-0000-4000-8000-00000000c0c0';
const USER = '70000000-0000-4000-8000-00000000c0c0';
const INSTANT = { S: '2024-03-01T00:00:00.0000000Z' };
const OF_KPI = { tenant_id: { S: TENANT }, kpi_id: { S: KPI } };
const idOf = (kind: number, at: number): string => `${kind}0000000-0000-4000-8000-00000000c0c${at}`;

function link(at: number): WireItem {
  return {
    id: { S: idOf(3, at) },
    ...OF_KPI,
    goal_id: { S: idOf(9, at) },
    linked_at: { S: `2024-01-0${at}T00:00:00Z` },
    is_primary: { BOOL: true },
    created_by: { S: USER },
    created_at: INSTANT,
  };
}

const RECORDS: Readonly<Record<'milestones' | 'actuals' | 'readings', (at: number) => WireItem>> = {
  milestones: (at) => ({
    id: { S: idOf(4, at) },
    ...OF_KPI,
    milestone_date: { S: '2024-06-30' },
    target_value: { N: '100' },
    created_by: { S: USER },
    created_at: INSTANT,
  }),
  actuals: (at) => ({
    id: { S: idOf(5, at) },
    ...OF_KPI,
    measurement_date: { S: '2024-02-01' },
    actual_value: { N: '42.50' },
    data_source: { S: 'Manual' },
    recorded_by: { S: USER },
    recorded_at: INSTANT,
  }),
  readings: (at) => ({
    id: { S: idOf(6, at) },
    ...OF_KPI,
    reading_date: { S: '2024-02-15' },
    value: { N: '7' },
    recorded_by: { S: USER },
    recorded_at: INSTANT,
  }),
};

const PLACES = [1, 2];

/** Plain items that stand beside the odd ones in every world: whatever becomes of those, these have their rows. */
export const CONTROL_GROUP: readonly ServiceWrite[] = [
  {
    table: 'kpis',
    id: KPI,
    item: { id: { S: KPI }, tenant_id: { S: TENANT }, name: { S: 'KPI' }, owner_id: { S: USER } },
  },
  {
    table: 'people',
    id: idOf(8, 1),
    item: { id: { S: idOf(8, 1) }, tenant_id: { S: TENANT }, name: { S: 'Person' }, linked_user_id: { S: USER } },
  },
  ...PLACES.map((at): ServiceWrite => ({ table: 'links', id: idOf(3, at), item: link(at) })),
  ...Object.entries(RECORDS).flatMap(([table, make]) =>
    PLACES.map((at): ServiceWrite => {
      const item = make(at);
      return { table: table as keyof typeof RECORDS, id: (item.id as { S: string }).S, item };
    }),
  ),
];

/** Two links, and a row under each for every one of six records; the anchor's rows keep the records' ids. */
export function requireControlGroup(kpiLinks: readonly WireItem[], kpiData: readonly WireItem[]): void {
  const ours = (rows: readonly WireItem[]): WireItem[] => rows.filter(({ tenant_id }) => textOf(tenant_id) === TENANT);
  const links = ours(kpiLinks).filter(({ person_id }) => textOf(person_id) === idOf(8, 1));
  const data = ours(kpiData);
  const anchored = data.filter(({ kpi_link_id }) => textOf(kpi_link_id) === idOf(3, 1)).map(({ id }) => textOf(id));
  const wanted = [4, 5, 6].flatMap((kind) => PLACES.map((at) => idOf(kind, at)));
  if (links.length === 2 && data.length === 12 && wanted.every((id) => anchored.includes(id))) return;
  throw new Violation(
    'the control group has its rows',
    `${links.length} of 2 links and ${data.length} of 12 rows are there, under the anchor ${anchored.join(', ')}`,
  );
}

function textOf(value: WireItem[string] | undefined): string | undefined {
  return value !== undefined && 'S' in value ? value.S : undefined;
}
