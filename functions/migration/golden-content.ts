import type { AttributeValue, Item } from '../model/attribute-value.ts';
import type { OldContent } from './expected.ts';

const s = (text: string): AttributeValue => ({ S: text });
const n = (digits: string): AttributeValue => ({ N: digits });
const yes: AttributeValue = { BOOL: true };

/** An item whose texts name their attribute, so that a value that lands in another place shows. */
function item(id: string, kpiId: string, texts: string, others: Item): Item {
  const named = texts.split(' ').map((name) => [name, s(`${name} of ${id}`)]);
  return { id: s(id), tenant_id: s('tenant'), kpi_id: s(kpiId), ...Object.fromEntries(named), ...others };
}

function link(id: string, linkedAt: string, others: Item = {}): Item {
  return item(id, 'kpi', 'goal_id link_type created_by created_at updated_by updated_at', {
    linked_at: s(linkedAt),
    is_primary: yes,
    weight: n('0.25'),
    threshold_pct: n('80'),
    display_order: n('1'),
    ...others,
  });
}

function milestone(id: string, kpiId: string): Item {
  return item(id, kpiId, 'milestone_date label rationale created_by created_at updated_by updated_at', {
    target_value: n('12345678901234567890.123456789012345678'),
    confidence_level: n('3'),
  });
}

function actual(id: string, flags: AttributeValue): Item {
  const texts =
    'measurement_date data_source source_reference_id override_comment recorded_by recorded_at created_at updated_by updated_at';
  return item(id, 'kpi', texts, {
    actual_value: n('-0.5'),
    original_value: n('7'),
    is_manual_override: flags,
    triggers_replan: flags,
    replan_threshold_exceeded: flags,
    auto_adjustment_applied: flags,
    expected_value: n('1'),
    variance: n('2'),
    variance_percentage: n('3'),
  });
}

function reading(id: string, texts: string): Item {
  return item(id, 'kpi', `reading_date recorded_by recorded_at ${texts}`, { value: n('1e-130') });
}

/**
 * Made-up old tables that hold every attribute of tables.md, a KPI of several links, a held record, an id that two tables share,
 * and items for quarantine. What the mapping makes of them names it (mapping-hash.ts), and the validators prove themselves on
 * them. A change here is one of the mapping's name.
 */
export const GOLDEN_CONTENT: OldContent = {
  links: [
    link('link-late', '2024-01-01T02:00:00+01:00', { kpi_id: s('kpi') }),
    link('link-early', '2024-01-01T00:30:00.0000001Z'),
    link('link-b', '2024-01-01T00:30:00.0000001Z'),
    link('link-ownerless', '2024-01-01', { kpi_id: s('kpi-ownerless') }),
    link('link-of-no-day', 'yesterday'),
    // The form of each decides which comes first: 24:00 UTC, and a minute before it.
    link('link-at-the-end-of-the-day', '2024-01-01T24:00:00Z', { kpi_id: s('kpi-of-other-forms') }),
    link('link-with-hours-for-an-offset', '2024-01-02 01:59+02', { kpi_id: s('kpi-of-other-forms') }),
  ],
  milestones: [
    milestone('milestone', 'kpi'),
    milestone('held', 'kpi-unlinked'),
    milestone('of-other-forms', 'kpi-of-other-forms'),
    { id: s('bare') },
  ],
  actuals: [
    actual('actual', yes),
    actual('actual-nulls', { NULL: true }),
    actual('actual-numbers', n('1')),
    actual('milestone', yes),
  ],
  readings: [
    reading('reading', 'data_source source_reference_id note created_at updated_by updated_at'),
    reading('bare-reading', 'unknown_attribute'),
  ],
  kpis: ['kpi', 'kpi-unlinked'].map((id) => ({ id: s(id), tenant_id: s('tenant'), owner_id: s('user') })),
  people: [
    { id: s('person-b'), tenant_id: s('tenant'), linked_user_id: s('user') },
    { id: s('person-a'), tenant_id: s('tenant'), linked_user_id: s('user') },
    { id: s('person-0'), tenant_id: s('other'), linked_user_id: s('user') },
  ],
};
