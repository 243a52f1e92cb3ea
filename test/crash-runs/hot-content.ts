import type { SeededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { KpiKey } from '../../functions/model/kpi.ts';

const KPIS = { least: 3, most: 5 } as const;
const LINKS_OF_KPI = { least: 2, most: 4 } as const;
const MALFORMED_OF_TABLE = 2;
/** Records of one table whose id another one has, too. */
const SHARED_IDS = 2;

const DATES = ['2024-02-29T23:59:59.9999999Z', '2024-03-01T01:00:00+02:00', '2023-12-31T00:00:00.0000000Z'];

const OF_SOURCE: Readonly<
  Record<RecordSource, { readonly value: string; readonly date: string; readonly more: Item }>
> = {
  milestones: { value: 'target_value', date: 'milestone_date', more: authored('created', { label: { S: 'Spring' } }) },
  actuals: {
    value: 'actual_value',
    date: 'measurement_date',
    more: authored('recorded', { data_source: { S: 'Import' }, is_manual_override: { N: '1' } }),
  },
  readings: { value: 'value', date: 'reading_date', more: authored('recorded', { note: { S: 'By hand' } }) },
};

function authored(verb: 'created' | 'recorded', more: Item): Item {
  return { [`${verb}_by`]: { S: 'user-0' }, [`${verb}_at`]: { S: '2024-01-01T00:00:00.0000000Z' }, ...more };
}

/**
 * Old tables with few KPIs, so that all that is written meets: two to four links each, one KPI without any, one KPI id in two
 * tenants, owners with and without a person, malformed links and records, ids that two tables share.
 */
export function hotContent(random: SeededRandom, recordsOfTableMost: number): OldContent {
  const between = ({ least, most }: { readonly least: number; readonly most: number }): number =>
    least + random.below(most - least + 1);
  const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

  const tenants = [random.guid(), random.guid()];
  const linked: KpiKey[] = many(between(KPIS), () => ({ tenantId: random.pick(tenants), kpiId: random.guid() }));
  const [first] = linked;
  const elsewhere = tenants.find((tenant) => tenant !== first?.tenantId) ?? '';
  if (first) linked.push({ tenantId: elsewhere, kpiId: first.kpiId });
  const all = [...linked, { tenantId: random.pick(tenants), kpiId: random.guid() }];

  const link = (kpi: KpiKey): Item => ({
    ...inKpi(kpi),
    id: { S: random.guid() },
    goal_id: { S: random.guid() },
    linked_at: { S: random.pick(DATES) },
    is_primary: random.pick([{ BOOL: true }, { N: '0' }]),
    ...authored('created', { weight: { N: '0.25' } }),
  });
  const record = (source: RecordSource): Item => {
    const { value, date, more } = OF_SOURCE[source];
    return {
      ...inKpi(random.pick(all)),
      id: { S: random.guid() },
      [value]: { N: `0.${random.below(1_000_000_000)}` },
      [date]: { S: random.pick(DATES) },
      ...more,
    };
  };
  const malformed = (source: RecordSource): Item => ({ ...record(source), [OF_SOURCE[source].value]: { NULL: true } });
  const records = (source: RecordSource): Item[] => [
    ...many(between({ least: Math.ceil(recordsOfTableMost / 10), most: recordsOfTableMost }), () => record(source)),
    ...many(MALFORMED_OF_TABLE, () => malformed(source)),
  ];
  const milestones = records(RECORD_SOURCES[0]);
  const sharing = (source: RecordSource): Item[] =>
    many(SHARED_IDS, () => ({ ...record(source), id: random.pick(milestones).id ?? { S: '' } }));
  const firstLinks = linked.flatMap((kpi) => many(between(LINKS_OF_KPI), () => link(kpi)));
  const { created_at: _, ...malformedLink } = link(random.pick(linked));

  return {
    links: [...firstLinks, malformedLink],
    milestones,
    actuals: distinctIds([...records('actuals'), ...sharing('actuals')]),
    readings: distinctIds([...records('readings'), ...sharing('readings')]),
    kpis: all.slice(1).map(({ tenantId, kpiId }, at) => ({
      id: { S: kpiId },
      tenant_id: { S: tenantId },
      owner_id: { S: `user-${at % 3}` },
    })),
    people: tenants.map((tenant) => ({
      id: { S: random.guid() },
      tenant_id: { S: tenant },
      linked_user_id: { S: 'user-0' },
    })),
  };
}

function inKpi({ tenantId, kpiId }: KpiKey): Item {
  return { tenant_id: { S: tenantId }, kpi_id: { S: kpiId } };
}

/** An export holds an id once. */
function distinctIds(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item.id), item])).values()];
}
