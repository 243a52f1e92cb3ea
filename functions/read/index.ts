/** What the package gives to a service that reads through it; see functions/read/README.md. */
export type { KpiReads, PageOptions, ReadOptions, Row, Rows } from './kpi-reads.ts';
export { type OpenReads, type OpenReadsOptions, openReads } from './open-reads.ts';
export { type Provenance, ROUTER_DEFAULTS, type RouterSettings } from './router.ts';
