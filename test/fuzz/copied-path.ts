import { randomUUID } from 'node:crypto';
import { describeBackfill, describeHeld, describePlan } from '../../backfill/commands/backfill/describe-backfill.ts';
import { executeRepair } from '../../backfill/commands/repair/repair.ts';
import { describeValidation } from '../../backfill/commands/validate/describe-validation.ts';
import { htmlReport } from '../../backfill/commands/validate/html-report.ts';
import { patienceOf, readsOf } from '../../backfill/commands/validate/run-validation.ts';
import { type BackfillReport, runBackfill } from '../../backfill/copy/backfill.ts';
import { planBackfill } from '../../backfill/copy/plan.ts';
import type { Tally } from '../../backfill/copy/tally.ts';
import type { Environment } from '../../backfill/environment.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { validatePart } from '../../functions/validation/rolling.ts';
import { type Validation, validate as validateTables } from '../../functions/validation/validate.ts';
import { backfillOptions, silent } from '../backfill/backfill-options.ts';
import type { OldWorld } from './old-world.ts';
import { mustFinish, requireSame, Violation } from './violation.ts';

const neverStopped = new AbortController().signal;

/** `plan`: what it says is what a backfill comes to. */
export async function plan(environment: Environment, { expected }: OldWorld): Promise<void> {
  const { settings, tables } = environment;
  const planned = await mustFinish('plan', () =>
    planBackfill({
      old: tables.old,
      heldRecords: settings.heldRecords,
      segments: settings.backfill.segments,
      concurrency: settings.replication.recordConcurrency,
      progress: silent,
      itemCountEstimates: {},
      stop: neverStopped,
    }),
  );
  await mustFinish('plan, told', async () => [...describePlan(planned, settings), ...describeHeld(planned)]);
  for (const source of SOURCES) requireNoneUnfinished(`plan of ${source}`, planned.sources[source].unfinished);
  const held = planned.heldKpis.flatMap(({ records }) => Object.values(records)).reduce((sum, each) => sum + each, 0);
  requireSame(
    'counts are right',
    'plan',
    texts({
      kpiLinks: expected.kpiLinks.size,
      kpiData: expected.kpiData.size,
      held: expected.held.length,
      quarantined: expected.quarantined.length,
    }),
    texts({
      ...planned.rows,
      held,
      quarantined: SOURCES.reduce((sum, source) => sum + planned.sources[source].quarantined, 0),
    }),
  );
}

/** `backfill --execute`, to its end. */
export async function backfill(environment: Environment): Promise<BackfillReport> {
  const { replication, tables, settings } = environment;
  const report = await mustFinish('backfill', () =>
    runBackfill(backfillOptions({ replication, data: tables.data }, { segments: settings.backfill.segments })),
  );
  await mustFinish('backfill, told', async () => describeBackfill(report, settings));
  for (const { pass, tally } of report.passes) requireNoneUnfinished(`backfill, ${pass}`, tally.unfinished);
  if (report.state !== 'finished') throw new Violation('a command finishes', `backfill: ${report.state}`);
  return report;
}

function requireNoneUnfinished(what: string, { count, named }: Tally['unfinished']): void {
  if (count === 0) return;
  throw new Violation('no item is refused or unfinished', `${what}: ${count}, ${JSON.stringify(named.slice(0, 3))}`);
}

/** What a first backfill of tables without live writes counts. */
export function requireTally({ passes }: BackfillReport, { expected }: OldWorld): void {
  const sum = (count: 'copied' | 'held' | 'quarantined'): number =>
    passes.reduce((total, { tally }) => total + tally[count], 0);
  requireSame(
    'counts are right',
    'backfill',
    texts({
      copied: expected.kpiLinks.size + expected.kpiData.size,
      held: expected.held.length,
      quarantined: expected.quarantined.length,
    }),
    texts({ copied: sum('copied'), held: sum('held'), quarantined: sum('quarantined') }),
  );
}

/**
 * `validate`: it agrees, and counts as the mapping does.
 *
 * @param proves whether the validator proves itself, which takes longer than all else in a world.
 */
export async function validate(environment: Environment, { expected }: OldWorld, proves: boolean): Promise<void> {
  const { report } = await validation(environment, proves);
  if (report.verdict !== 'agree') {
    const told = [...report.findings, ...report.inFlight].slice(0, 3).map((finding) => JSON.stringify(finding));
    throw new Violation('validators agree', [`${report.verdict}:`, ...report.reasons, ...told].join('\n  '));
  }
  const { held, quarantined, warnings } = report.counts;
  requireSame(
    'counts are right',
    'validate',
    texts({
      held: expected.held.length,
      quarantined: expected.quarantined.length,
      warnings: expected.warnings.length,
    }),
    texts({ held, quarantined, warnings }),
  );
}

async function validation(environment: Environment, proves: boolean): Promise<Validation> {
  const { settings, tables, replication } = environment;
  const found = await mustFinish('validate', () =>
    validateTables({
      ...patienceOf(environment),
      reads: readsOf(environment),
      control: tables.control,
      transactions: tables.transactions,
      heldRecords: settings.heldRecords,
      backfillRunId: '',
      segments: settings.validation.segments,
      checkpointMs: 60_000,
      progress: { ...silent, begin: () => {} },
      note: silent.note,
      newToken: replication.newToken,
      stop: neverStopped,
      ...(!proves && { prove: async () => ({ planted: 1, missed: [] }) }),
    }),
  );
  await mustFinish('validate, told', async () => [describeValidation(found.report), htmlReport(found.report, [])]);
  return found;
}

/** The standing validation, all parts in one: it looks at every KPI row by row, whether its digest differs or not. */
export async function validateRowByRow(environment: Environment): Promise<void> {
  const report = await mustFinish('rolling validation', () =>
    validatePart({
      ...patienceOf(environment),
      reads: readsOf(environment),
      heldRecords: environment.settings.heldRecords,
      part: 0,
      parts: 1,
      stop: neverStopped,
    }),
  );
  const different = [...report.proven, ...report.inFlight];
  if (different.length === 0) return;
  const told = different.slice(0, 3).map((finding) => JSON.stringify(finding));
  throw new Violation('validators agree', [`row by row, ${different.length} differ`, ...told].join('\n  '));
}

/** `validate` and `repair --execute` on new tables that hold nothing: all comes by the repair. */
export async function repairFromNothing(environment: Environment): Promise<void> {
  const { comparison } = await validation(environment, false);
  const { replication } = environment;
  const patience = { ...patienceOf(environment), newToken: randomUUID, stop: neverStopped };
  const findings = [...comparison.proven, ...comparison.inFlight];
  const left = await mustFinish('repair', () =>
    executeRepair({ replication, reads: readsOf(environment), patience }, findings),
  );
  const different = [...left.proven, ...left.inFlight];
  if (different.length > 0) {
    const told = different.slice(0, 3).map((finding) => JSON.stringify(finding));
    throw new Violation('validators agree', [`after a repair ${different.length} differ`, ...told].join('\n  '));
  }
}

function texts(counts: Readonly<Record<string, number>>): Map<string, string> {
  return new Map(Object.entries(counts).map(([name, count]) => [name, String(count)]));
}
