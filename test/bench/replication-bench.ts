import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine } from '../../backfill/local/cloud/engine.ts';
import { startFront } from '../../backfill/local/front/front.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';
import { idOf } from '../../functions/model/attribute-value.ts';
import { replicateLinks } from '../../functions/sync/replicate-links.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { countCalls } from '../sync/call-counter.ts';
import { replicationOver } from '../sync/fixtures.ts';
import { cpuSecondsOf } from './process-figures.ts';
import { report } from './report.ts';
import { fillTables } from './validation-tables.ts';

/** Records in one transaction: so many as the product has, or each in its own. */
export const TOGETHER = 25;
export const APART = 1;

export interface Cost {
  readonly seconds: number;
  readonly calls: number;
  readonly units: number;
  /** Of CPU, that the engine had meanwhile. */
  readonly engineSeconds: number | undefined;
}

/** Tables that hold the same content on both sides, with the control rows that copied links leave. */
export interface FilledTables extends AsyncDisposable {
  readonly client: ReturnType<typeof connect>;
  readonly names: TableNames;
  readonly replication: ReturnType<typeof replicationOver>;
  /** Runs work and says what it cost. */
  measure(work: () => Promise<void>): Promise<Cost>;
}

/**
 * Starts an engine of its own, with so many records in one transaction at most.
 *
 * @param roundTripMs added to each call, as the way to AWS takes it; nothing stands before the engine where it is 0.
 */
export async function fillForReplication(
  content: OldContent,
  recordsPerTransactionMax: number,
  roundTripMs: number,
): Promise<FilledTables> {
  const engine = await startEngine();
  const far =
    roundTripMs > 0
      ? await startFront(engine.url, async ({ send }) => {
          await sleep(roundTripMs);
          return send();
        })
      : undefined;
  const client = connect(localClientConfig(far?.url ?? engine.url));
  const names = Object.fromEntries(TABLE_ROLES.map((role) => [role, `bench-${role}`])) as TableNames;
  await fillTables(client, names, content);
  const replication = replicationOver(client, names, { limits: { recordsPerTransactionMax } });
  const changes = content.links.map((link) => ({ id: idOf(link), kpis: [kpiKeyOf(link)] }));
  for (const change of changes) await replicateLinks(replication, [change], 'backfill');
  const counter = countCalls(client);
  return {
    client,
    names,
    replication,
    async measure(work) {
      counter.take();
      const engineBefore = await cpuSecondsOf(engine.pid);
      const startMs = performance.now();
      await work();
      const seconds = (performance.now() - startMs) / 1_000;
      const { total, units } = counter.take();
      const engineAfter = await cpuSecondsOf(engine.pid);
      const engineSeconds = engineAfter && engineBefore && engineAfter - engineBefore;
      return { seconds, calls: total, units, engineSeconds };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await far?.stop();
      await engine.stop();
    },
  };
}

/** What each record cost. */
export function reportCost(name: string, records: number, { seconds, calls, units, engineSeconds }: Cost): void {
  report(`${name}, records a second`, (records / seconds).toFixed(0));
  report(`${name}, calls a record`, (calls / records).toFixed(2));
  report(`${name}, units a record`, (units / records).toFixed(1));
  if (engineSeconds === undefined) return;
  report(`${name}, milliseconds of the engine's CPU a record`, ((engineSeconds / records) * 1_000).toFixed(1));
  report(`${name}, cores that the engine kept busy`, (engineSeconds / seconds).toFixed(2));
}

/** How many times more the one costs than the other. */
export function reportRatios(name: string, before: Cost, now: Cost, goal: string): void {
  report(`${name}, time saved`, `${(before.seconds / now.seconds).toFixed(2)}x`, goal);
  report(`${name}, calls saved`, `${(before.calls / now.calls).toFixed(2)}x`);
  report(`${name}, units saved`, `${(before.units / now.units).toFixed(2)}x`);
}
