import { REPLICATES_NOTHING } from '../../../functions/health/health.ts';
import type { Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { type Copier, guardWrites } from '../../copy/copier.ts';
import { type ReseedReport, reseed } from '../../copy/reseed.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { acquireLease } from '../../lease/lease.ts';
import { leasedCopier } from '../../lease/leased-copier.ts';
import { nextStep } from '../../next-step.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { showProgress } from '../../progress.ts';
import { reportReplication } from '../../replication-health.ts';
import { requireNoFindings } from '../preflight/preflight.ts';
import { describeReseed } from './describe-reseed.ts';

interface ReseedCommandOptions {
  readonly env: string;
  readonly table: Source;
  readonly execute: boolean;
}

/**
 * `reseed`: compares one old table, item by item, with the new ones, and with `--execute` brings what differs. For changes
 * that its stream lost.
 */
export async function reseedCommand(
  { env, table: source, execute }: ReseedCommandOptions,
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(env, execute ? 'write' : 'read');
  await requireCopied(environment);
  const itemCountEstimate = await requireReplicated(environment, source);
  const report = execute
    ? await underLease(environment, stop, (copier) => run(environment, copier, source, true, itemCountEstimate, stop))
    : await run(environment, readOnly(environment), source, false, itemCountEstimate, stop);
  const exitCode = EXIT[report.state === 'finished' ? 'done' : report.state === 'stopped' ? 'stopped' : 'failed'];
  const again = execute ? ['reseed', '--table', source, '--execute'] : ['reseed', '--table', source];
  const next =
    report.state === 'stopped'
      ? nextStep(env, again, 'compares again, and passes over what is right by now')
      : execute && report.state === 'finished'
        ? nextStep(env, ['validate'], 'compares every row of both sides')
        : undefined;
  return {
    exitCode,
    document: { ...report, executed: execute },
    lines: describeReseed(report, execute),
    ...(next ? { next } : !execute && report.differing > 0 && { next: 'execute' as const }),
  };
}

function run(
  { client, settings }: Environment,
  copier: Pick<Copier, 'replication' | 'data' | 'pause'>,
  source: Source,
  execute: boolean,
  itemCountEstimate: number | undefined,
  stop: AbortSignal,
): Promise<ReseedReport> {
  return reseed({
    copier,
    source,
    execute,
    quarantined: () => listQuarantine(client, settings.tables, [source]),
    segments: settings.backfill.segments,
    stop,
    progress: showProgress(),
    itemCountEstimate,
  });
}

function readOnly({ replication, tables }: Environment): Pick<Copier, 'replication' | 'data' | 'pause'> {
  return { replication, data: tables.data, pause: () => Promise.resolve() };
}

/** Beside a rollback, rows would come back that it has deleted. */
async function underLease(
  environment: Environment,
  stop: AbortSignal,
  work: (copier: Copier) => Promise<ReseedReport>,
): Promise<ReseedReport> {
  const { options, thread } = await leasedCopier(environment);
  await using _ = thread;
  const note = (message: string) => process.stderr.write(`${message}\n`);
  const { transactions } = options.replication;
  const lease = await acquireLease({ ...options, transactions, stop, onWait: note });
  try {
    return await work(guardWrites({ ...options, stop }, lease.requireHeld));
  } finally {
    await lease.releaseAfterReserve();
  }
}

/** Before the end of a first run rows are put without conditions, and what it copies later is as it is by then. */
async function requireCopied({ tables }: Environment): Promise<void> {
  const run = await readRun(tables.control);
  if (run?.finishedAt !== undefined) return;
  const message = run ? `Backfill ${run.runId} has not finished.` : 'Nothing was copied yet.';
  throw new MigrationError('BACKFILL_UNFINISHED', message, {
    nextStep: 'Copy history: kpi-migrate backfill --execute. It brings this table as it is by then.',
  });
}

/** What changes while nothing is replicated would be missing again. @returns an estimate of the table's items. */
async function requireReplicated(environment: Environment, source: Source): Promise<number | undefined> {
  const shapes = await describeTables(environment.client, environment.settings.tables);
  const { health, problems } = await reportReplication(environment, shapes, Date.now());
  if (health !== undefined) requireNoFindings(problems.filter(({ code }) => REPLICATES_NOTHING.has(code)));
  return shapes[OLD_TABLE_OF[source]]?.itemCountEstimate;
}
