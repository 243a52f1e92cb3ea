import { CLASS_OF, type RowClass } from '../migration/rows.ts';
import { SOURCES, type Source, tenantOf } from '../migration/sources.ts';
import type { NewTable } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import { type Difference, differences } from '../model/compare.ts';
import { rowDigest } from '../model/digest.ts';
import type { KpiKey } from '../model/kpi.ts';

/** A row, or an entry of quarantine, that is not as the old tables demand. */
export interface Finding {
  readonly table: NewTable | 'quarantine';
  /** The row's id; for quarantine, that of the old item. */
  readonly id: string;
  readonly kind: 'missing' | 'extra' | 'different';
  readonly rowClass: RowClass;
  /** The row's tenant as the old tables have it, else as the row itself says; empty where neither does. */
  readonly tenantId: string;
  /** The KPI to be looked at for it. */
  readonly kpi: KpiKey;
  /** The old item that demands the row, where one does. */
  readonly demandedBy?: { readonly source: Source; readonly id: string };
  /** An extra row under a link that does not exist. */
  readonly orphan?: boolean;
  readonly differences: readonly Difference[];
  /** Both sides in a short spelling, to tell whether they moved between two looks; empty for an absent row. */
  readonly expectedDigest: string;
  readonly foundDigest: string;
  readonly expected?: Item;
  readonly found?: Item;
}

/** A name that no two rows share. */
export function findingKey(finding: Pick<Finding, 'table' | 'id' | 'demandedBy'>): string {
  const { table, id, demandedBy } = finding;
  return table === 'quarantine' ? `${table} ${demandedBy?.source} ${id}` : `${table} ${id}`;
}

type About = Pick<Finding, 'table' | 'id' | 'rowClass' | 'kpi' | 'demandedBy' | 'orphan'>;

/** The finding that two rows give rise to; undefined where they are the same. */
export function compareRows(about: About, expected: Item | undefined, found: Item | undefined): Finding | undefined {
  const different = differences(expected, found);
  if (different.length === 0) return undefined;
  return {
    ...about,
    kind: found === undefined ? 'missing' : expected === undefined ? 'extra' : 'different',
    tenantId: about.kpi.tenantId || (tenantOf(expected ?? found) ?? ''),
    differences: different,
    expectedDigest: digestText(expected),
    foundDigest: digestText(found),
    ...(expected && { expected }),
    ...(found && { found }),
  };
}

function digestText(row: Item | undefined): string {
  return row === undefined ? '' : Buffer.from(rowDigest(row), 'binary').toString('base64');
}

/** What a validation of one phase is about: an extra row of a class counts for every old table that makes such rows. */
export function isOfPhase(finding: Finding, phase: Source | undefined): boolean {
  if (phase === undefined) return true;
  if (finding.demandedBy) return finding.demandedBy.source === phase;
  return finding.rowClass === CLASS_OF[phase];
}

/** The old tables that rows of the phase's class come from; all of them where there is no phase. */
export function sourcesOf(phase: Source | undefined): readonly Source[] {
  return phase === undefined ? SOURCES : SOURCES.filter((source) => CLASS_OF[source] === CLASS_OF[phase]);
}
