import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import type { ReseedReport } from '../../copy/reseed.ts';
import { grouped } from '../../text-table.ts';
import { describeUnfinished } from '../backfill/describe-backfill.ts';

/** What was looked at, and what came of it. */
export function describeReseed(report: ReseedReport, executed: boolean): string[] {
  const { source, items, rows, differing, state } = report;
  const looked = `${grouped(items)} items of ${OLD_TABLE_OF[source]} and ${grouped(rows)} rows were compared`;
  const stopped = state === 'stopped' ? ' before it was stopped' : '';
  if (differing === 0) return [`${looked}${stopped}: all are as the old table demands.`];
  const what = executed
    ? `${grouped(differing - report.unfinished.length)} were brought to what it demands`
    : `up to ${grouped(differing)} are to be brought to what it demands`;
  return [`${looked}${stopped}: ${what}.`, ...describeUnfinished(report.unfinished)];
}
