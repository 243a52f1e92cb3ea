import { CLASS_TITLE } from '../../../functions/migration/rows.ts';
import type { ValidationSummary } from '../../../functions/tables/control/validation-report.ts';
import type { Finding } from '../../../functions/validation/findings.ts';
import type { ReportLine, ValidationReport } from '../../../functions/validation/report.ts';
import { grouped } from '../../text-table.ts';
import { describeValue, percent } from './describe-validation.ts';

/**
 * A validation as one page that needs nothing else: verdict, checks, tables by tenant, what differed in earlier validations, and
 * the first differences with both sides.
 *
 * @param history earlier summaries, this one's included, in any order.
 */
export function htmlReport(report: ValidationReport, history: readonly ValidationSummary[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Validation ${escaped(report.runId)}</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .25rem .7rem; border-bottom: 1px solid #d8dee4; text-align: right }
th:first-child, td:first-child, .text td { text-align: left; overflow-wrap: anywhere } .verdict { padding: .6rem 1rem; color: #fff; border-radius: .4rem }
.agree { background: #1a7f37 } .disagree { background: #cf222e } .inconclusive { background: #9a6700 } svg { background: #f6f8fa }
</style></head><body>
<h1>Validation of the KPI migration</h1>
<p class="verdict ${report.verdict}"><strong>${report.verdict}</strong> · ${grouped(report.rowsCompared)} rows compared · ${percent(report.coverage)} of the key space · as of ${escaped(report.at)}</p>
${list(report.reasons)}
<h2>Checks</h2>${table(
    ['check', '', ''],
    report.checks.map(({ name, passed, detail }) => [name, passed ? 'passed' : 'FAILED', detail]),
    'text',
  )}
<h2>Rows by table and tenant</h2>${table(LINE_HEADER, report.lines.map(lineCells))}
<h2>What differed over time</h2>${chart(history)}
<h2>Differences${report.findings.length > 0 ? '' : ': none'}</h2>${table(
    ['row', 'attribute', 'expected', 'found'],
    report.findings.flatMap(findingCells),
    'text',
  )}
<h2>Self-proof</h2><p>${report.proof.planted - report.proof.missed.length} of ${report.proof.planted} planted faults found.</p>${list(report.proof.missed)}
<p>Run ${escaped(report.runId)}, mapping ${escaped(report.mappingHash.slice(0, 12))}, finished ${escaped(report.finishedAt)}.</p>
</body></html>
`;
}

const LINE_HEADER =
  'rows|tenant|expected|found|missing|extra|different|in flight|held|quarantined|warnings|by attribute'.split('|');

function lineCells(line: ReportLine): (string | number)[] {
  const attributes = [...line.differentByAttribute].map(([name, count]) => `${name} ${count}`);
  const { expected, found, missing, extra, different, inFlight, held, quarantined, warnings } = line;
  const figures = [expected, found, missing, extra, different, inFlight, held, quarantined, warnings];
  return [CLASS_TITLE[line.rows].rows, line.tenantId, ...figures, attributes.join(', ')];
}

function findingCells({ table: name, id, kind, differences }: Finding): string[][] {
  return differences.map(({ attribute, expected, actual }, at) => [
    at === 0 ? `${name} ${id}: ${kind}` : '',
    attribute,
    describeValue(expected),
    describeValue(actual),
  ]);
}

const BAR_WIDTH = 24;
const CHART_HEIGHT = 120;
const BARS_MAX = 40;

/** A bar a validation: how many rows differed. */
function chart(history: readonly ValidationSummary[]): string {
  const runs = [...history].sort((left, right) => (left.at < right.at ? -1 : 1)).slice(-BARS_MAX);
  const differing = ({ counts }: ValidationSummary): number => counts.missing + counts.extra + counts.different;
  const most = Math.max(1, ...runs.map(differing));
  const bars = runs.map((run, at) => {
    const height = Math.max(2, Math.round((differing(run) / most) * (CHART_HEIGHT - 10)));
    const colour = { agree: '#1a7f37', disagree: '#cf222e', inconclusive: '#9a6700' }[run.verdict];
    const title = `${run.at}: ${run.verdict}, ${differing(run)} rows differ`;
    return `<rect x="${at * BAR_WIDTH + 4}" y="${CHART_HEIGHT - height}" width="${BAR_WIDTH - 8}" height="${height}" fill="${colour}"><title>${escaped(title)}</title></rect>`;
  });
  const width = Math.max(runs.length, 1) * BAR_WIDTH;
  return `<svg width="${width}" height="${CHART_HEIGHT}" role="img" aria-label="Rows that differed, by validation">${bars.join('')}</svg><p>At most ${grouped(most)} rows.</p>`;
}

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[], style = ''): string {
  if (rows.length === 0) return '';
  const line = (tag: 'th' | 'td', cells: readonly (string | number)[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(typeof cell === 'number' ? grouped(cell) : cell)}</${tag}>`).join('')}</tr>`;
  return `<table class="${style}">${line('th', header)}${rows.map((row) => line('td', row)).join('')}</table>`;
}

function list(sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : `<ul>${sentences.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>`;
}

/** Values come from anyone's data. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
