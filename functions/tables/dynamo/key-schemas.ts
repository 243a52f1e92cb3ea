import type { TableRole } from '../table-names.ts';

/** The attributes of a key: the partition key's and, where there is one, the sort key's. All are texts. */
export type KeySchema = readonly [partition: string, sort?: string];

/** A table's primary key, and its indexes by name. */
export interface TableKeys {
  readonly key: KeySchema;
  readonly indexes: Readonly<Record<string, KeySchema>>;
}

const recordKeys = (dateAttribute: string): TableKeys => ({
  key: ['id'],
  indexes: { 'kpi-index': ['kpi_id', dateAttribute], 'tenant-index': ['tenant_id'] },
});

/** The keys of all tables (tables.md; the control table is our own). */
export const KEY_SCHEMAS = {
  goalKpiLinks: {
    key: ['id'],
    indexes: { 'kpi-index': ['kpi_id'], 'goal-index': ['goal_id'], 'tenant-index': ['tenant_id'] },
  },
  kpiMilestones: recordKeys('milestone_date'),
  kpiActuals: recordKeys('measurement_date'),
  kpiReadings: recordKeys('reading_date'),
  kpis: { key: ['id'], indexes: {} },
  people: { key: ['id'], indexes: { 'linked-user-index': ['linked_user_id'] } },
  kpiLinks: {
    key: ['id'],
    indexes: {
      'tenant-index': ['tenant_id'],
      'kpi-index': ['kpi_id'],
      'person-index': ['person_id'],
      'goal-index': ['goal_id'],
      'strategy-index': ['strategy_id'],
      'uniqueness-index': ['uniqueness_key'],
    },
  },
  kpiData: {
    key: ['id'],
    indexes: {
      'kpi-link-index': ['kpi_link_id', 'post_date'],
      'kpi-link-category-index': ['kpi_link_category_key', 'post_date'],
      'target-subtype-index': ['target_key', 'post_date'],
    },
  },
  control: { key: ['pk', 'sk'], indexes: {} },
} as const satisfies Readonly<Record<TableRole, TableKeys>>;
