import type { Source } from '../model/sources.ts';

/** The roles of the tables the migration touches; every name is a setting (tables.md). */
export const TABLE_ROLES = [
  'goalKpiLinks',
  'kpiMilestones',
  'kpiActuals',
  'kpiReadings',
  'kpis',
  'people',
  'kpiLinks',
  'kpiData',
  'control',
] as const;
export type TableRole = (typeof TABLE_ROLES)[number];

/** Role to physical table name. */
export type TableNames = Readonly<Record<TableRole, string>>;

/** The old table each source is read from. */
export const OLD_TABLE_OF = {
  links: 'goalKpiLinks',
  milestones: 'kpiMilestones',
  actuals: 'kpiActuals',
  readings: 'kpiReadings',
} as const satisfies Readonly<Record<Source, TableRole>>;
