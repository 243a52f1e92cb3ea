import { CLASS_OF, CLASS_TITLE, ROW_CLASSES, type RowClass } from '../migration/rows.ts';
import type { Source } from '../migration/sources.ts';
import { NEW_DATA, NEW_LINKS, TABLES } from '../migration/tables.ts';
import { addCounts, type CountsByName, countNames } from '../model/counts-by-name.ts';
import type { ValidationCounts, ValidationSummary } from '../tables/control/validation-report.ts';
import type { Comparison } from './compare-sides.ts';
import type { Finding } from './findings.ts';
import type { SelfProof } from './self-proof.ts';

/** A line of the seed's own validation script. */
export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** The counts of one class of rows in one tenant. */
export interface ReportLine extends ValidationCounts {
  readonly rows: RowClass;
  readonly tenantId: string;
  /** How many of the rows that differ do so in this attribute. */
  readonly differentByAttribute: CountsByName;
}

/** A validation, whole. */
export interface ValidationReport extends ValidationSummary {
  readonly phase?: Source;
  readonly finishedAt: string;
  readonly checks: readonly Check[];
  readonly lines: readonly ReportLine[];
  readonly proof: SelfProof;
  /** The first of the proven differences. */
  readonly findings: readonly Finding[];
  readonly inFlight: Comparison['inFlight'];
  /** What could not be compared, for a reason of its own. */
  readonly unexamined: Comparison['unexamined'];
}

/** Differences that a report tells one by one. */
export const FINDINGS_TOLD = 100;

/** The report's lines: what the scans counted, and what the looks at single rows made of it. */
export function linesOf(comparison: Comparison): ReportLine[] {
  const lines = new Map<string, { -readonly [Name in keyof ReportLine]: ReportLine[Name] }>();
  const lineOf = (rows: RowClass, tenantId: string) => {
    const key = JSON.stringify([rows, tenantId]);
    const known = lines.get(key) ?? { rows, tenantId, ...NONE, differentByAttribute: new Map() };
    lines.set(key, known);
    return known;
  };
  for (const { measure, rowClass, tenantId, count } of comparison.counts.cells()) {
    lineOf(rowClass, tenantId)[measure] += count;
  }
  for (const { rowClass, tenantId, kind, differences } of rowsOf(comparison)) {
    const line = lineOf(rowClass, tenantId);
    line[kind] += 1;
    if (kind !== 'different') continue;
    const names = countNames(differences.map(({ attribute }) => attribute));
    line.differentByAttribute = addCounts([line.differentByAttribute, names]);
  }
  for (const { rowClass, tenantId } of comparison.inFlight) lineOf(rowClass, tenantId).inFlight += 1;
  return [...lines.values()].sort(
    (left, right) =>
      ROW_CLASSES.indexOf(left.rows) - ROW_CLASSES.indexOf(right.rows) || (left.tenantId < right.tenantId ? -1 : 1),
  );
}

/** The differences of rows; those of quarantine's entries are a check of their own. */
function rowsOf({ proven }: Pick<Comparison, 'proven'>): Finding[] {
  return proven.filter((finding) => finding.table !== 'quarantine');
}

const NONE: ValidationCounts = {
  expected: 0,
  found: 0,
  missing: 0,
  extra: 0,
  different: 0,
  inFlight: 0,
  held: 0,
  quarantined: 0,
  warnings: 0,
};

/** The sum of lines. */
export function sumOf(lines: readonly ValidationCounts[]): ValidationCounts {
  const sum = { ...NONE };
  for (const line of lines) for (const name of Object.keys(NONE) as (keyof ValidationCounts)[]) sum[name] += line[name];
  return sum;
}

/**
 * The checks of the seed's validation script, and one of quarantine. While the service writes, two counts are not of one moment: a check fails by what is
 * proven of single rows, and the counts say how large the tables are.
 */
export function checksOf({ counts, proven, sampledLinks }: Comparison, phase: Source | undefined): Check[] {
  const rows = rowsOf({ proven });
  const entries = proven.length - rows.length;
  const isProven = (rowClass: RowClass, kind: Finding['kind']) =>
    rows.some((finding) => finding.rowClass === rowClass && finding.kind === kind);
  // One row missing and another extra leave the count as it should be.
  const wrong = (rowClass: RowClass): string =>
    (['missing', 'extra', 'different'] as const)
      .map((kind) => [kind, rows.filter((each) => each.rowClass === rowClass && each.kind === kind).length] as const)
      .flatMap(([kind, many]) => (many > 0 ? [`, ${many} ${kind}`] : []))
      .join('');
  const told = (rowClass: RowClass): string =>
    `${counts.sum('expected', rowClass)} expected, ${counts.sum('found', rowClass)} found${wrong(rowClass)}`;
  const sampledWrong = sampledLinks.ids.filter((id) =>
    rows.some((finding) => finding.table === NEW_LINKS && finding.id === id),
  );
  const orphans = rows.filter((finding) => finding.orphan).length;
  const countOf = (rowClass: RowClass): Check => ({
    name: `${CLASS_TITLE[rowClass].items} count`,
    passed: !isProven(rowClass, 'missing') && (rowClass !== 'links' || !isProven(rowClass, 'extra')),
    detail: told(rowClass),
  });
  const sampled = {
    name: 'Sampled links exist and match',
    passed: sampledWrong.length === 0,
    detail: `${sampledLinks.ids.length} sampled, ${sampledLinks.existing} exist, ${sampledLinks.matching} are of the same KPI`,
  };
  const orphaned = {
    name: `No orphaned ${TABLES[NEW_DATA].title}`,
    passed: orphans === 0,
    detail: `${orphans} orphans`,
  };
  const quarantine = { name: 'Quarantine complete', passed: entries === 0, detail: `${entries} entries differ` };
  if (phase === 'links') return [countOf('links'), sampled, quarantine];
  if (phase !== undefined) return [countOf(CLASS_OF[phase]), orphaned, quarantine];
  return [...ROW_CLASSES.map(countOf), sampled, orphaned, quarantine];
}
