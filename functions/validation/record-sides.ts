import { BucketDigests } from '../model/digest.ts';
import type { KpiKey, Source } from '../model/sources.ts';
import { ROW_CLASSES, type RowClass } from './findings.ts';
import type { Unexamined } from './unexamined.ts';

/** Buckets of KPIs: what differs costs the reading of 1/4096 of the KPIs, and a checkpoint some 260 KB. */
export const BUCKETS = 4_096;

export type Digests = Readonly<Record<RowClass, BucketDigests>>;

/** The seed's own check: of some old links, how many have a row, and one of the same KPI. */
export interface SampledLinks {
  readonly ids: readonly string[];
  readonly existing: number;
  readonly matching: number;
}

/** The entry that quarantine should have of an item that cannot be migrated: the code of its reason. */
export interface ExpectedEntry {
  readonly source: Source;
  readonly id: string;
  readonly code: string;
}

/** What the scans of the record tables and of KpiData leave behind, in a form that can be stored. */
export interface RecordSides {
  readonly expected: Readonly<Record<RowClass, string>>;
  readonly found: Readonly<Record<RowClass, string>>;
  readonly counts: readonly (readonly [string, number])[];
  readonly strays: readonly string[];
  readonly straysUnlisted: number;
  readonly refused: readonly ExpectedEntry[];
  readonly unexamined: readonly Unexamined[];
  readonly personal: readonly { readonly kpi: KpiKey; readonly date: string }[];
}

export function digestsOf(stored: RecordSides['expected'] | undefined): Digests {
  return byClass((rowClass) => (stored ? BucketDigests.fromBase64(stored[rowClass]) : new BucketDigests(BUCKETS)));
}

export function textsOf(digests: Digests): RecordSides['expected'] {
  return byClass((rowClass) => digests[rowClass].toBase64());
}

function byClass<T>(make: (rowClass: RowClass) => T): Record<RowClass, T> {
  return Object.fromEntries(ROW_CLASSES.map((rowClass) => [rowClass, make(rowClass)])) as Record<RowClass, T>;
}
