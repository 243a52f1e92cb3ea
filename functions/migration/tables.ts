import type { KeySchema } from '../model/key-schema.ts';
import type { Source } from './sources.ts';

/** A table that the migration touches. */
export interface TableDefinition {
  /** What documents and messages call its items. */
  readonly title: string;
  /** Every name is a setting of the environment; this is the default. */
  readonly defaultName: string;
  /** Who makes the table, and so who can mend it. */
  readonly madeBy: 'application' | 'migration';
  readonly key: KeySchema;
  readonly indexes: Readonly<Record<string, KeySchema>>;
  /**
   * Of a table that the application makes: the indexes that the migration cannot do without, and which attributes each must
   * project beside the keys. Of a table that the migration makes, all indexes are needed, whole.
   */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
}

function recordTable<Name extends string>(title: string, defaultName: string, dateAttribute: Name) {
  return {
    title,
    defaultName,
    madeBy: 'application',
    key: ['id'],
    indexes: { 'kpi-index': ['kpi_id', dateAttribute], 'tenant-index': ['tenant_id'] },
    needs: { 'kpi-index': [] },
  } as const;
}

/** The tables by role, in the order in which they are told (tables.md; the control table is our own). */
export const TABLES = {
  goalKpiLinks: {
    title: 'GoalKpiLink',
    defaultName: 'purposepath-goal-kpi-links',
    madeBy: 'application',
    key: ['id'],
    indexes: { 'kpi-index': ['kpi_id'], 'goal-index': ['goal_id'], 'tenant-index': ['tenant_id'] },
  },
  kpiMilestones: recordTable('KpiMilestone', 'purposepath-kpi-milestones', 'milestone_date'),
  kpiActuals: recordTable('KpiActual', 'purposepath-kpi-actuals', 'measurement_date'),
  kpiReadings: recordTable('KpiReading', 'purposepath-kpi-readings', 'reading_date'),
  kpis: {
    title: 'Kpi',
    defaultName: 'purposepath-kpis',
    madeBy: 'application',
    key: ['id'],
    indexes: {},
  },
  people: {
    title: 'Person',
    defaultName: 'purposepath-people',
    madeBy: 'application',
    key: ['id'],
    indexes: { 'linked-user-index': ['linked_user_id'] },
    needs: { 'linked-user-index': ['tenant_id'] },
  },
  kpiLinks: {
    title: 'KpiLink',
    defaultName: 'purposepath-kpi-links',
    madeBy: 'migration',
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
    title: 'KpiData',
    defaultName: 'purposepath-kpi-data',
    madeBy: 'migration',
    key: ['id'],
    indexes: {
      'kpi-link-index': ['kpi_link_id', 'post_date'],
      'kpi-link-category-index': ['kpi_link_category_key', 'post_date'],
      'target-subtype-index': ['target_key', 'post_date'],
    },
  },
  control: {
    title: 'control',
    defaultName: 'kpi-migration-control',
    madeBy: 'migration',
    key: ['pk', 'sk'],
    indexes: {},
  },
} as const satisfies Readonly<Record<string, TableDefinition>>;

export type TableRole = keyof typeof TABLES;

export const TABLE_ROLES = Object.keys(TABLES) as TableRole[];

/** Role to physical table name. */
export type TableNames = Readonly<Record<TableRole, string>>;

/** The old table each source is read from. */
export const OLD_TABLE_OF = {
  links: 'goalKpiLinks',
  milestones: 'kpiMilestones',
  actuals: 'kpiActuals',
  readings: 'kpiReadings',
} as const satisfies Readonly<Record<Source, TableRole>>;

/** The tables that a link's row takes something from: an item a KPI, and the people who are a user. */
export const LOOK_UP_TABLE_OF = { kpi: 'kpis', person: 'people' } as const satisfies Readonly<
  Record<string, TableRole>
>;

export type LookUp = keyof typeof LOOK_UP_TABLE_OF;

/** The new table with a row for each link. */
export const NEW_LINKS = 'kpiLinks';

/** The new table with a row for each record under each link of its KPI. */
export const NEW_DATA = 'kpiData';

export const NEW_TABLES = [NEW_LINKS, NEW_DATA] as const satisfies readonly TableRole[];
export type NewTable = (typeof NEW_TABLES)[number];

/** The service's own tables, which no template of ours creates. */
export type ServiceTable = Exclude<TableRole, NewTable | 'control'>;
export const SERVICE_TABLES = TABLE_ROLES.filter((role) => TABLES[role].madeBy === 'application') as ServiceTable[];

/** An index that the migration lists items by: its name, and the attribute whose value is asked for. */
export interface Listing {
  readonly index: string;
  readonly attribute: string;
}

/** The listings that replication and validation ask for. */
export const LISTED_BY = {
  /** The links or records of a KPI, in old tables and new. Of whichever tenant. */
  kpi: { index: 'kpi-index', attribute: 'kpi_id' },
  /** The data rows under a link. */
  link: { index: 'kpi-link-index', attribute: 'kpi_link_id' },
  /** The people who are a user. */
  user: { index: 'linked-user-index', attribute: 'linked_user_id' },
  /** All of a tenant. */
  tenant: { index: 'tenant-index', attribute: 'tenant_id' },
} as const satisfies Readonly<Record<string, Listing>>;

/** The indexes that the service's reads of links use: the old table and the new one have each, on the same attribute. */
export type LinkIndex = keyof typeof TABLES.goalKpiLinks.indexes & keyof typeof TABLES.kpiLinks.indexes;

export const LINK_LISTING = {
  'kpi-index': LISTED_BY.kpi,
  'goal-index': { index: 'goal-index', attribute: 'goal_id' },
  'tenant-index': LISTED_BY.tenant,
} as const satisfies Readonly<Record<LinkIndex, Listing>>;

/** The indexes that the service's reads of data rows use, all sorted by the rows' date. */
export type DataIndex = keyof typeof TABLES.kpiData.indexes;
