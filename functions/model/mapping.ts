import type { Item } from './attribute-value.ts';
import type { QuarantineReason, Warning } from './quarantine-reason.ts';
import type { KpiKey, LinkReference, RecordSource } from './sources.ts';

// INTERFACE SKETCH: the model's owner replaces the bodies (and splits files); the exported names and types stay.
export interface OldLink { readonly source: 'links'; readonly id: string; readonly kpi: KpiKey; readonly goalId: string; readonly linkedAt: string; readonly createdBy: string; /** the item without NULLs */ readonly item: Item; readonly unknownAttributes: readonly string[]; readonly warnings: readonly Warning[] }
export interface OldRecord { readonly source: RecordSource; readonly id: string; readonly kpi: KpiKey; readonly date: string; readonly item: Item; readonly unknownAttributes: readonly string[]; readonly warnings: readonly Warning[] }
export type Parsed<T> = { readonly kind: 'valid'; readonly record: T } | { readonly kind: 'quarantined'; readonly reason: QuarantineReason };
