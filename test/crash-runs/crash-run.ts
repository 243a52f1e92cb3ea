import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type LocalCloud, startLocalCloud } from '../../backfill/local/cloud/local-cloud.ts';
import { compareAll, type Disagreement } from '../../backfill/local/rehearsal/agreement.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, SERVICE_TABLES } from '../../functions/migration/tables.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import type { Settings } from '../../infra/settings.ts';
import { writeTableExport } from '../local/export/small-export.ts';
import { type FunctionFaults, harmFunctions } from './function-faults.ts';
import { killedBackfill } from './killed-backfill.ts';
import type { RunPlan } from './run-plan.ts';
import { spoilRow } from './spoilt-row.ts';
import type { Synthesised } from './synthesised.ts';
import { startWriters } from './writers.ts';

/** How one run went. */
export interface CrashRunReport {
  readonly seed: number;
  readonly writes: number;
  /** Stream records that were handed to the functions. */
  readonly events: number;
  readonly functions: FunctionFaults;
  readonly backfillKills: number;
  readonly backfillStops: number;
  readonly seconds: number;
  readonly rowsCompared: number;
  readonly disagreements: readonly Disagreement[];
  /** Deliveries that the on-failure destination kept. */
  readonly undelivered: number;
  /** What functions asked of tables that their roles do not allow. */
  readonly denied: readonly string[];
  /** The comparison saw the row that was changed behind the protocol's back, and no other: it can fail. */
  readonly spoiltRowSeen: boolean;
}

export interface CrashRunOptions {
  readonly plan: RunPlan;
  readonly synthesised: Synthesised;
  readonly nowMs: () => number;
  /** Called before everything goes, where the run did not end equal. */
  readonly keep: (
    cloud: LocalCloud,
    client: DynamoDBClient,
    settings: Settings,
    log: readonly string[],
  ) => Promise<void>;
}

/** Ended equal, with nothing given up, and shown to be able to fail. */
export function isEqual({ disagreements, undelivered, denied, spoiltRowSeen }: CrashRunReport): boolean {
  return disagreements.length === 0 && undelivered === 0 && denied.length === 0 && spoiltRowSeen;
}

/**
 * One run: writers at full speed on few KPIs, functions and backfill harmed at random, and in the end every row and every entry
 * of quarantine compared with what the old tables demand. Nothing repairs.
 */
export async function crashRun({ plan, synthesised, nowMs, keep }: CrashRunOptions): Promise<CrashRunReport> {
  const startMs = nowMs();
  const log: string[] = [];
  const note = (message: string): void => {
    log.push(`${nowMs() - startMs} ms  ${message}`);
  };
  const settings: Settings = {
    ...synthesised.settings,
    backfill: { ...synthesised.settings.backfill, segments: plan.segments },
  };
  const { tables } = settings;
  await using ending = new AsyncDisposableStack();
  const exportDirectory = await mkdtemp(join(tmpdir(), 'crash-run-'));
  ending.defer(() => rm(exportDirectory, { recursive: true, force: true }));
  for (const role of SERVICE_TABLES) writeTableExport(exportDirectory, tables[role], contentOf(plan.content, role));
  const cloud = await startLocalCloud({ settings, exportDirectory, synthesised, onProgress: note });
  ending.defer(() => cloud.stop());
  const client = connect(cloud.clientConfig);
  ending.defer(() => client.destroy());

  const write = startWriters(plan, client, tables, note);
  const quiet = new AbortController();
  const faults = harmFunctions(
    {
      busy: cloud.functions.busy,
      burst: write.burst,
      drained: cloud.mappings.drained,
      random: plan.faults,
      blows: plan.functionBlows,
      note,
    },
    quiet.signal,
  );
  const backfill = await killedBackfill(
    cloud,
    settings,
    plan.backfill,
    { burst: write.burst, drained: cloud.mappings.drained },
    note,
  );
  await sleep(plan.streamsAloneMs);
  const writes = await write.rest();
  note(`the last of ${writes} writes is made`);
  await sleep(plan.faultsOutlastMs);
  quiet.abort();
  const functions = await faults;
  await cloud.mappings.drained();
  note('all is delivered');

  const agreement = await compareAll(client, tables, settings.heldRecords);
  const undelivered = await countFiles(cloud.onFailureDirectory);
  const spoilt = await spoilRow(client, tables, plan.proof);
  const after = await compareAll(client, tables, settings.heldRecords);
  const known = new Set(agreement.disagreements.map(({ table, id }) => `${table} ${id}`));
  const found = after.disagreements.filter(({ table, id }) => !known.has(`${table} ${id}`));
  const report: CrashRunReport = {
    seed: plan.seed,
    writes,
    events: cloud.mappings.counters().records,
    functions,
    backfillKills: backfill.kills,
    backfillStops: backfill.stops,
    seconds: (nowMs() - startMs) / 1_000,
    rowsCompared: agreement.rowsCompared.kpiLinks + agreement.rowsCompared.kpiData,
    disagreements: agreement.disagreements,
    undelivered,
    denied: cloud.denied(),
    spoiltRowSeen: found.length === 1 && found[0]?.id === spoilt,
  };
  if (!isEqual(report)) await keep(cloud, client, settings, log);
  return report;
}

function contentOf(content: OldContent, role: (typeof SERVICE_TABLES)[number]) {
  if (role === 'kpis' || role === 'people') return content[role];
  return SOURCES.filter((source) => OLD_TABLE_OF[source] === role).flatMap((source) => content[source]);
}

async function countFiles(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}
