import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, TABLES } from '../../../functions/migration/tables.ts';
import type { ValidationReport } from '../../../functions/validation/report.ts';
import type { PassReport } from '../../copy/backfill.ts';
import { describeFinding } from './describe-validation.ts';

/** The first phase of the ticket's template is none of a table. */
const PHASES = SOURCES.map((source, at) => ({
  source,
  title: `Phase ${at + 2}: ${TABLES[OLD_TABLE_OF[source]].title} migration`,
}));

const ISSUES_TOLD = 10;

/** The progress comment of the migration's ticket (its template), filled in from a validation and the backfill's passes. */
export function progressComment(report: ValidationReport, passes: readonly PassReport[], environment: string): string {
  const doneOf = (source: Source) => passes.find(({ pass }) => pass === source);
  const passed = report.checks.filter((check) => check.passed).length;
  const complete = report.verdict === 'agree' && PHASES.every(({ source }) => doneOf(source)?.done);
  return [
    `### Progress Update - ${report.finishedAt.slice(0, 10)}`,
    '',
    `**Status:** ${complete ? 'Complete' : report.verdict === 'disagree' ? 'Blocked' : 'In Progress'}`,
    '',
    `**Environment:** ${environment}`,
    '',
    '**Migration Status:**',
    ...PHASES.map(({ source, title }) => {
      const pass = doneOf(source);
      return `- [${pass?.done ? 'x' : ' '}] ${title} - ${pass?.tally.scanned ?? 0} records`;
    }),
    '',
    '**Validation Results:**',
    `- Total checks: ${report.checks.length}`,
    `- Passed: ${passed}`,
    `- Failed: ${report.checks.length - passed}`,
    '',
    `**Issues Found:** ${report.findings.length === 0 ? 'none' : ''}`,
    ...report.findings.slice(0, ISSUES_TOLD).map((finding) => `- ${describeFinding(finding)}`),
    '',
    `**Notes:** verdict ${report.verdict}; ${report.rowsCompared} rows compared; held ${report.counts.held}, quarantined ${report.counts.quarantined}, warnings ${report.counts.warnings}. ${report.reasons.join(' ')}`.trimEnd(),
    '',
  ].join('\n');
}
