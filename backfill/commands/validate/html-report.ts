import { CLASS_TITLE } from '../../../functions/migration/rows.ts';
import type { ValidationSummary } from '../../../functions/tables/control/validation-report.ts';
import type { Finding } from '../../../functions/validation/findings.ts';
import { type ReportLine, sumOf, type ValidationReport } from '../../../functions/validation/report.ts';
import { CSS, chart, escaped, list, table } from '../../html.ts';
import { grouped } from '../../text-table.ts';
import { dateOfFinding, describeValue, percent } from './describe-validation.ts';
import { TENANTS_CSS, tenantsTable } from './html-tenants.ts';

/**
 * A validation as one page that needs nothing else, not even a script: the verdict and what it rests on, then only what
 * differs, then every tenant on a line, which can be sorted.
 *
 * @param history earlier summaries, this one's included, in any order.
 */
export function htmlReport(report: ValidationReport, history: readonly ValidationSummary[]): string {
  const found = report.proof.planted - report.proof.missed.length;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Validation ${escaped(report.runId)}</title><style>${CSS}${TENANTS_CSS}</style></head><body><main>
<h1>Validation of the KPI migration</h1>
<p class="verdict ${report.verdict}"><strong>${report.verdict}</strong> · ${grouped(report.rowsCompared)} rows compared · ${percent(report.coverage)} of the key space · as of ${escaped(report.at)}</p>
${list(report.reasons)}
<p>Self-proof: ${found} of ${report.proof.planted} planted faults found.</p>${list(report.proof.missed)}
<h2>Checks</h2>${table(
    ['check', 'result', 'detail'],
    report.checks.map(({ name, passed, detail }) => [name, passed ? 'passed' : 'FAILED', detail]),
    'text',
  )}
<h2>What differs${report.findings.length > 0 ? '' : ': nothing'}</h2>${differing(report)}
<h2>What differed over time</h2>${history.length === 0 ? '<p>There is no earlier validation.</p>' : historyChart(history)}
<h2>Tenants</h2>${tenantsTable(report.lines)}
<p>Run ${escaped(report.runId)}, mapping ${escaped(report.mappingHash.slice(0, 12))}, finished ${escaped(report.finishedAt)}.</p>
</main></body></html>
`;
}

function differing({ lines, findings }: ValidationReport): string {
  const rows = lines.filter((line) => line.missing + line.extra + line.different + line.inFlight > 0);
  return (
    table(['rows', 'tenant', 'missing', 'extra', 'different', 'in flight', 'by attribute'], rows.map(lineCells)) +
    table(
      ['row', 'tenant and KPI', 'old item', 'of', 'attribute', 'expected', 'found'],
      findings.flatMap(findingCells),
      'text',
    )
  );
}

function lineCells(line: ReportLine): (string | number)[] {
  const attributes = [...line.differentByAttribute].map(([name, count]) => `${name} ${count}`);
  const { missing, extra, different, inFlight } = line;
  return [CLASS_TITLE[line.rows].rows, line.tenantId, missing, extra, different, inFlight, attributes.join(', ')];
}

function findingCells(finding: Finding): string[][] {
  const { table: name, id, kind, tenantId, kpi, demandedBy, differences } = finding;
  const about = [
    `${name} ${id}: ${kind}`,
    `${tenantId} ${kpi.kpiId}`,
    demandedBy ? `${demandedBy.source} ${demandedBy.id}` : '',
    dateOfFinding(finding) ?? '',
  ];
  return differences.map(({ attribute, expected, actual }, at) => [
    ...(at === 0 ? about : about.map(() => '')),
    attribute,
    describeValue(expected),
    describeValue(actual),
  ]);
}

const BARS_MAX = 40;

/** A bar a validation: how many rows differed. */
function historyChart(history: readonly ValidationSummary[]): string {
  const runs = [...history].sort((left, right) => (left.at < right.at ? -1 : 1)).slice(-BARS_MAX);
  return chart(
    'Rows that differed, by validation',
    runs.map((run) => {
      const { missing, extra, different } = sumOf([run.counts]);
      const rows = missing + extra + different;
      return { value: rows, kind: run.verdict, title: `${run.at}: ${run.verdict}, ${rows} rows differ` };
    }),
  );
}
