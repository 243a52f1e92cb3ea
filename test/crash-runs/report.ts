import { describeCounts, grouped, textTable } from '../../backfill/text-table.ts';
import { type CrashRunReport, isEqual } from './crash-run.ts';

/** Differing rows of a run that are told one by one. */
const DISAGREEMENTS_TOLD = 10;

const HEADER = [
  'seed',
  'writes',
  'events',
  'functions killed',
  'stopped',
  'lost',
  'backfill killed',
  'stopped',
  'seconds',
  'rows',
  'differ',
  'undelivered',
  'denied',
  'spoilt row',
  'end',
];

/** A line a run, and their sums. */
export function describeRuns(reports: readonly CrashRunReport[]): string[] {
  const sum = (figure: (report: CrashRunReport) => number): number =>
    reports.reduce((total, report) => total + figure(report), 0);
  const figures: readonly ((report: CrashRunReport) => number)[] = [
    ({ writes }) => writes,
    ({ events }) => events,
    ({ functions }) => functions.killed,
    ({ functions }) => functions.stopped,
    ({ functions }) => functions.lost,
    ({ backfillKills }) => backfillKills,
    ({ backfillStops }) => backfillStops,
    ({ seconds }) => Math.round(seconds),
    ({ rowsCompared }) => rowsCompared,
    ({ disagreements }) => disagreements.length,
    ({ undelivered }) => undelivered,
    ({ denied }) => denied.length,
  ];
  const equal = reports.filter(isEqual).length;
  return textTable(HEADER, [
    ...reports.map((report) => [
      String(report.seed),
      ...figures.map((figure) => figure(report)),
      report.spoiltRowSeen ? 'seen' : 'NOT SEEN',
      isEqual(report) ? 'equal' : 'DIFFERENT',
    ]),
    [
      'all',
      ...figures.map(sum),
      `${reports.filter(({ spoiltRowSeen }) => spoiltRowSeen).length} seen`,
      `${equal} equal`,
    ],
  ]);
}

/** One run that did not end equal: what differs, and where to look. */
export function describeDifference(report: CrashRunReport, evidence: string, again: string): string[] {
  const rows = report.disagreements.slice(0, DISAGREEMENTS_TOLD);
  const more = report.disagreements.length - rows.length;
  return [
    `Seed ${report.seed}: ${grouped(report.disagreements.length)} rows differ, ${grouped(report.undelivered)} deliveries were given up.`,
    ...report.denied.map((asked) => `  denied: ${asked}`),
    ...rows.map(
      ({ table, id, differences }) =>
        `  ${table} ${id}: ${differences.map(({ attribute, kind }) => `${attribute} ${kind}`).join(', ')}`,
    ),
    ...(more > 0 ? [`  and ${grouped(more)} more`] : []),
    `  Kept in ${evidence}`,
    `  The same draws again, though the interleaving will be another: ${again}`,
  ];
}

/** One run in a line, for whoever waits. */
export function describeProgress(report: CrashRunReport): string {
  const { seed, writes, functions, backfillKills, backfillStops, seconds, rowsCompared } = report;
  const harm = describeCounts(
    Object.entries({ ...functions, 'backfill killed': backfillKills, 'backfill stopped': backfillStops }),
  );
  return `seed ${seed}: ${isEqual(report) ? 'equal' : 'DIFFERENT'}, ${rowsCompared} rows, ${writes} writes, functions ${harm}, ${seconds.toFixed(1)} s`;
}
