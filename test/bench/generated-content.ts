import { type SeededRandom, seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import type { RecordSource } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';

const TENANTS = 20;
const LINKS_OF_KPI = [1, 1, 1, 2, 3];
/** Of ten records of a KPI, how many each table has. */
const SOURCE_OF_TENTH = [
  ...Array<RecordSource>(3).fill('milestones'),
  ...Array<RecordSource>(5).fill('actuals'),
  ...Array<RecordSource>(2).fill('readings'),
];

/**
 * Old items of the KPIs from number `from` up to, not including, `to`, as the service might have written them: GUIDs, dates with seven
 * fraction digits, one to three links a KPI. Each KPI's items depend on its number alone.
 */
export function generatedContent(from: number, to: number, recordsOfKpi: number): OldContent {
  const content: Record<keyof OldContent, Item[]> = {
    links: [],
    milestones: [],
    actuals: [],
    readings: [],
    kpis: [],
    people: [],
  };
  for (let number = from; number < to; number += 1) {
    const random = seededRandom(number + 1);
    const shared = { tenant_id: { S: tenantOf(number) }, kpi_id: { S: random.guid() } };
    const user = random.guid();
    content.kpis.push({
      id: shared.kpi_id,
      tenant_id: shared.tenant_id,
      owner_id: { S: user },
      name: { S: 'Revenue' },
    });
    content.people.push({ id: { S: random.guid() }, tenant_id: shared.tenant_id, linked_user_id: { S: user } });
    for (let link = random.pick(LINKS_OF_KPI); link > 0; link -= 1) content.links.push(linkOf(random, shared, user));
    for (let at = 0; at < recordsOfKpi; at += 1) {
      const source = SOURCE_OF_TENTH[at % SOURCE_OF_TENTH.length] ?? 'actuals';
      content[source].push({ id: { S: random.guid() }, ...shared, ...ATTRIBUTES[source](random, user) });
    }
  }
  return content;
}

function tenantOf(number: number): string {
  return seededRandom(1_000_000 + (number % TENANTS)).guid();
}

function linkOf(random: SeededRandom, shared: Item, user: string): Item {
  return {
    id: { S: random.guid() },
    ...shared,
    goal_id: { S: random.guid() },
    linked_at: dateOf(random),
    is_primary: { BOOL: random.fraction() < 0.5 },
    link_type: { S: 'supporting' },
    weight: { N: '0.35' },
    created_by: { S: user },
    created_at: dateOf(random),
  };
}

function dateOf(random: SeededRandom): { S: string } {
  const millisecond = Date.UTC(2020, 0, 1) + random.below(150_000_000) * 1_000;
  return {
    S: `${new Date(millisecond).toISOString().slice(0, 19)}.${String(random.below(10_000_000)).padStart(7, '0')}Z`,
  };
}

function amountOf(random: SeededRandom): { N: string } {
  return { N: `${random.below(1_000_000)}.${random.below(100)}` };
}

const ATTRIBUTES: Readonly<Record<RecordSource, (random: SeededRandom, user: string) => Item>> = {
  milestones: (random, user) => ({
    milestone_date: dateOf(random),
    target_value: amountOf(random),
    label: { S: 'Target of the quarter' },
    confidence_level: { N: '3' },
    rationale: { S: 'As agreed in the last review of the goal.' },
    created_by: { S: user },
    created_at: dateOf(random),
  }),
  actuals: (random: SeededRandom, user: string): Item => ({
    measurement_date: dateOf(random),
    actual_value: amountOf(random),
    data_source: { S: 'Import' },
    source_reference_id: { S: random.guid() },
    is_manual_override: { BOOL: false },
    triggers_replan: { N: '0' },
    expected_value: amountOf(random),
    variance: amountOf(random),
    recorded_by: { S: user },
    recorded_at: dateOf(random),
  }),
  readings: (random, user) => ({
    reading_date: dateOf(random),
    value: amountOf(random),
    note: { S: 'Read off the dashboard.' },
    recorded_by: { S: user },
    recorded_at: dateOf(random),
  }),
};
