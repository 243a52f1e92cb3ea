import type { OldContent } from '../../functions/migration/expected.ts';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';

const texts = (names: string, id: string): Item =>
  Object.fromEntries(names.split(' ').map((name): [string, AttributeValue] => [name, { S: `${name} of ${id}` }]));

const TRUE = { BOOL: true };

/** A KPI of its own for each number: two links and a record of each table, with every attribute that there is. */
export function richContent(kpis: number): OldContent {
  const numbers = Array.from({ length: kpis }, (_, at) => at);
  const shared = (id: string, at: number): Item => ({
    id: { S: id },
    tenant_id: { S: `tenant-${at % 3}` },
    kpi_id: { S: `kpi-${at}` },
  });
  return {
    links: numbers.flatMap((at) =>
      ['a', 'b'].map((letter) => {
        const id = `link-${at}-${letter}`;
        return {
          ...shared(id, at),
          ...texts('goal_id link_type created_by created_at updated_by updated_at', id),
          linked_at: { S: letter === 'a' ? '2024-01-01T00:00:00Z' : '2024-01-02T00:00:00Z' },
          is_primary: TRUE,
          weight: { N: '0.5' },
          threshold_pct: { N: '80' },
          display_order: { N: '1' },
        };
      }),
    ),
    milestones: numbers.map((at) => ({
      ...shared(`milestone-${at}`, at),
      ...texts('milestone_date label rationale created_by created_at updated_by updated_at', `milestone-${at}`),
      target_value: { N: '12345678901234567890.123456789012345678' },
      confidence_level: { N: '3' },
    })),
    actuals: numbers.map((at) => ({
      ...shared(`actual-${at}`, at),
      ...texts(
        'measurement_date data_source source_reference_id override_comment recorded_by recorded_at',
        `actual-${at}`,
      ),
      actual_value: { N: '7' },
      original_value: { N: '-0.5' },
      is_manual_override: TRUE,
      triggers_replan: { N: '1' },
      replan_threshold_exceeded: TRUE,
      auto_adjustment_applied: TRUE,
    })),
    readings: numbers.map((at) => ({
      ...shared(`reading-${at}`, at),
      ...texts('reading_date note recorded_by recorded_at', `reading-${at}`),
      value: { N: String(at) },
    })),
    kpis: numbers.map((at) => ({
      id: { S: `kpi-${at}` },
      tenant_id: { S: `tenant-${at % 3}` },
      owner_id: { S: 'user' },
    })),
    people: [0, 1, 2].map((at) => ({
      id: { S: `person-${at}` },
      tenant_id: { S: `tenant-${at}` },
      linked_user_id: { S: 'user' },
    })),
  };
}
