import type { ItemSketch, SketchedTable, ValueSketch } from './sketch.ts';

type ValueOf = (item: Pick<ItemSketch, 'places'>) => ValueSketch;

/** How the service writes its items (tables.md, "Old tables" and "Lookup tables"): what is required, and what may be there. */
export interface OldAttributes {
  readonly required: Readonly<Record<string, ValueOf>>;
  readonly optional: Readonly<Record<string, ValueOf>>;
}

const fixed =
  (value: ValueSketch): ValueOf =>
  () =>
    value;
const instant = fixed({ S: '2024-01-01T00:00:00.0000000Z' });
const tenant: ValueOf = ({ places }) => ({ S: { pool: 'tenants', at: places.tenant } });
const kpi: ValueOf = ({ places }) => ({ S: { pool: 'kpis', at: places.kpi } });
const goal: ValueOf = ({ places }) => ({ S: { pool: 'goals', at: places.goal } });
const user: ValueOf = ({ places }) => ({ S: { pool: 'users', at: places.user } });
const date: ValueOf = ({ places }) => ({ S: { pool: 'dates', at: places.date } });

const updated = { updated_by: user, updated_at: instant };
const measured = {
  recorded_by: user,
  recorded_at: instant,
};

export const OLD_ATTRIBUTES: Readonly<Record<SketchedTable, OldAttributes>> = {
  links: {
    required: {
      tenant_id: tenant,
      kpi_id: kpi,
      goal_id: goal,
      linked_at: date,
      is_primary: fixed({ BOOL: true }),
      created_by: user,
      created_at: instant,
    },
    optional: {
      link_type: fixed({ S: 'primary' }),
      weight: fixed({ N: '0.5' }),
      threshold_pct: fixed({ N: '80' }),
      display_order: fixed({ N: '1' }),
      ...updated,
    },
  },
  milestones: {
    required: {
      tenant_id: tenant,
      kpi_id: kpi,
      milestone_date: date,
      target_value: fixed({ N: '100' }),
      created_by: user,
      created_at: instant,
    },
    optional: {
      label: fixed({ S: 'Q1' }),
      confidence_level: fixed({ N: '3' }),
      rationale: fixed({ S: 'why' }),
      ...updated,
    },
  },
  actuals: {
    required: {
      tenant_id: tenant,
      kpi_id: kpi,
      measurement_date: date,
      actual_value: fixed({ N: '99.5' }),
      data_source: fixed({ S: 'Import' }),
      ...measured,
    },
    optional: {
      source_reference_id: fixed({ S: 'ref' }),
      original_value: fixed({ N: '98' }),
      is_manual_override: fixed({ BOOL: true }),
      override_comment: fixed({ S: 'so' }),
      triggers_replan: fixed({ N: '0' }),
      replan_threshold_exceeded: fixed({ BOOL: false }),
      auto_adjustment_applied: fixed({ N: '1' }),
      expected_value: fixed({ N: '1' }),
      variance: fixed({ N: '2' }),
      variance_percentage: fixed({ N: '3' }),
      created_at: instant,
      ...updated,
    },
  },
  readings: {
    required: {
      tenant_id: tenant,
      kpi_id: kpi,
      reading_date: date,
      value: fixed({ N: '7' }),
      ...measured,
    },
    optional: {
      data_source: fixed({ S: 'Sensor' }),
      source_reference_id: fixed({ S: 'ref' }),
      note: fixed({ S: 'note' }),
      created_at: instant,
      ...updated,
    },
  },
  kpis: {
    required: { tenant_id: tenant, name: fixed({ S: 'KPI' }) },
    optional: { owner_id: user, is_deleted: fixed({ BOOL: false }) },
  },
  people: {
    required: { tenant_id: tenant, name: fixed({ S: 'Person' }) },
    optional: { linked_user_id: user },
  },
};

/** Every attribute of the table but its key. */
export function attributesOf(table: SketchedTable): readonly string[] {
  const { required, optional } = OLD_ATTRIBUTES[table];
  return [...Object.keys(required), ...Object.keys(optional)];
}
