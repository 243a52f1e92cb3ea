import type { RowClass } from '../migration/rows.ts';
import type { Source } from '../migration/sources.ts';
import type { KpiKey } from '../model/kpi.ts';
import type { Unexamined } from './unexamined.ts';

/** The seed's own check: of some old links, how many have a row, and one of the same KPI. */
export interface SampledLinks {
  readonly ids: readonly string[];
  readonly existing: number;
  readonly matching: number;
}

/** An item that cannot be migrated, with the code of the reason. */
export interface Refused {
  readonly source: Source;
  readonly id: string;
  readonly code: string;
}

/** What the scans of the record tables and of the data rows leave behind, in a form that can be stored. */
export interface RecordSides {
  readonly expected: Readonly<Record<RowClass, string>>;
  readonly found: Readonly<Record<RowClass, string>>;
  readonly counts: readonly (readonly [string, number])[];
  readonly strays: readonly string[];
  readonly straysUnlisted: number;
  readonly refused: readonly Refused[];
  readonly unexamined: readonly Unexamined[];
  readonly personal: readonly { readonly kpi: KpiKey; readonly date: string }[];
}
