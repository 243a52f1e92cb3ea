import { CLASS_TITLE, dateOfRow, ROW_CLASSES } from '../../../functions/migration/rows.ts';
import type { AttributeValue } from '../../../functions/model/attribute-value.ts';
import { addCounts } from '../../../functions/model/counts-by-name.ts';
import { printable } from '../../../functions/model/printable.ts';
import type { Finding } from '../../../functions/validation/findings.ts';
import type { ReportLine, ValidationReport } from '../../../functions/validation/report.ts';
import { sumOf } from '../../../functions/validation/report.ts';
import { jsonOf } from '../../json.ts';
import { describeCounts, grouped, textTable } from '../../text-table.ts';

/** Findings that are listed on a terminal. */
const FINDINGS_SHOWN = 10;

/** The result of a validation. */
export function describeValidation(report: ValidationReport): string[] {
  return [
    ...report.checks.map((check) => `${check.passed ? 'passed' : 'FAILED'}  ${check.name}: ${check.detail}`),
    '',
    ...describeLines(report.lines),
    ...describeAttributes(report.lines),
    ...describeFindings(report.findings),
    `Self-proof: ${report.proof.planted - report.proof.missed.length} of ${report.proof.planted} planted faults found.`,
    `Compared ${grouped(report.rowsCompared)} rows, ${percent(report.coverage)} of the key space, as of ${report.at}.`,
    ...report.reasons,
    VERDICT[report.verdict],
  ];
}

const VERDICT: Readonly<Record<ValidationReport['verdict'], string>> = {
  agree: 'AGREE: every row matches the old tables.',
  disagree: 'DISAGREE: rows are missing, extra or different.',
  inconclusive: 'INCONCLUSIVE: nothing is proven either way.',
};

/** The counts by class of rows, over all tenants; the JSON report has them by tenant. */
function describeLines(lines: readonly ReportLine[]): string[] {
  return textTable(
    ['', 'expected', 'found', 'missing', 'extra', 'different', 'in flight', 'held', 'quarantined', 'warnings'],
    ROW_CLASSES.map((rows) => {
      const sum = sumOf(lines.filter((line) => line.rows === rows));
      return [CLASS_TITLE[rows].rows, ...Object.values(sum)];
    }),
  );
}

function describeAttributes(lines: readonly ReportLine[]): string[] {
  const counts = addCounts(lines.map(({ differentByAttribute }) => differentByAttribute));
  return counts.size === 0 ? [] : [`Different by attribute: ${describeCounts(counts)}.`];
}

function describeFindings(findings: readonly Finding[]): string[] {
  const more = findings.length - FINDINGS_SHOWN;
  return [
    ...findings.slice(0, FINDINGS_SHOWN).map(describeFinding),
    ...(more > 0 ? [`… and ${more} more: kpi-migrate validate --out DIR`] : []),
  ];
}

/** One difference on a line, with what it is about. */
export function describeFinding(finding: Finding): string {
  return `${describeDifference(finding)} ${describeContext(finding)}`;
}

/** Whose row it is, and which old item demands it. */
function describeContext(finding: Finding): string {
  const { tenantId, kpi, demandedBy } = finding;
  const date = dateOfFinding(finding);
  const parts = [
    ...(tenantId === '' ? [] : [`tenant ${printable(tenantId)}`]),
    ...(kpi.kpiId === '' ? [] : [`KPI ${printable(kpi.kpiId)}`]),
    demandedBy ? `from ${demandedBy.source} ${printable(demandedBy.id)}` : 'no old item demands it',
    ...(date === undefined ? [] : [`of ${printable(date)}`]),
  ];
  return `(${parts.join(', ')})`;
}

/** When the old item is of, or the row that no old item demands. */
export function dateOfFinding({ expected, found }: Finding): string | undefined {
  return dateOfRow(expected) ?? dateOfRow(found);
}

function describeDifference({ table, id, kind, orphan, differences }: Finding): string {
  const name = `${table} ${printable(id)}`;
  if (kind === 'missing') return `${name} is missing.`;
  if (kind === 'extra') return `${name} should not exist${orphan ? ', and neither does its link' : ''}.`;
  const parts = differences.map(
    ({ attribute, expected, actual }) =>
      `${printable(attribute)} is ${describeValue(actual)}, not ${describeValue(expected)}`,
  );
  return `${name} differs: ${parts.join('; ')}.`;
}

/** The longest value that is shown whole. */
const VALUE_LENGTH_MAX = 80;

/** An attribute's value with its type. */
export function describeValue(value: AttributeValue | undefined): string {
  if (value === undefined) return 'absent';
  const text = printable(jsonOf(value));
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

export function percent(part: number): string {
  return `${(part * 100).toFixed(part === 1 ? 0 : 2)} %`;
}
