/** The library that a service reads through; see functions/read/README.md. */

export type { TableNames } from '../migration/tables.ts';
export type { Item } from '../model/attribute-value.ts';
export type { KpiReads, PageOptions, ReadOptions, Row, Rows } from './kpi-reads.ts';
export { type OpenReads, type OpenReadsOptions, openReads } from './open-reads.ts';
export { type Provenance, ROUTER_DEFAULTS, type RouterSettings } from './router.ts';
