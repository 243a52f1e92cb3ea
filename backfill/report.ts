import type { BackfillReport, PassReport } from './backfill.ts';
import type { Plan } from './plan.ts';
import { addTallies, type Tally } from './tally.ts';
import { describeCounts, grouped, textTable } from './text-table.ts';

/** A plan as lines for a person. */
export function describePlan(plan: Plan): string[] {
  const tallies = Object.entries(plan.sources);
  const sum = addTallies(Object.values(plan.sources));
  return [
    ...textTable(
      ['', 'items', 'rows', 'held', 'quarantined'],
      tallies.map(([source, tally]) => [source, tally.scanned, tally.copied, tally.held, tally.quarantined]),
    ),
    `KpiLink would have ${grouped(plan.rows.kpiLinks)} rows and KpiData ${grouped(plan.rows.kpiData)} (about ${grouped(plan.dataWriteUnits)} write units).`,
    `Quarantine by reason: ${describeCounts(plan.quarantineReasons)}.`,
    ...describeOddities(sum),
    'Nothing was written. Next: kpi-migrate backfill --execute',
  ];
}

/** What a backfill came to, as lines for a person. */
export function describeBackfill(report: BackfillReport): string[] {
  return [
    ...describePasses(report.passes),
    ...describeOddities(addTallies(report.passes.map((pass) => pass.tally))),
    END[report.state],
  ];
}

const END: Readonly<Record<BackfillReport['state'], string>> = {
  finished: 'All is copied and swept.',
  stopped: 'Stopped before the end. Next: the same command again, which goes on from the checkpoints.',
  'sweep-due':
    'The sweep is still due: it follows when all four sources are copied. Next: kpi-migrate backfill --execute',
};

export function describePasses(passes: readonly PassReport[]): string[] {
  return textTable(
    ['', 'scanned', 'rows written', 'there already', 'held', 'quarantined', ''],
    passes.map(({ pass, done, tally }) => [
      pass,
      tally.scanned,
      tally.copied,
      tally.present,
      tally.held,
      tally.quarantined,
      done ? 'done' : 'to do',
    ]),
  );
}

function describeOddities(tally: Tally): string[] {
  return [
    `Warnings: ${describeCounts(tally.warnings)}.`,
    `Unknown attributes, not copied: ${describeCounts(tally.unknownAttributes)}.`,
  ];
}
