import { startEngine } from '../../backfill/local/cloud/engine.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';
import { idOf } from '../../functions/model/attribute-value.ts';
import { replicateLinks } from '../../functions/sync/replicate-links.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { countCalls } from '../sync/call-counter.ts';
import { replicationOver } from '../sync/fixtures.ts';
import { report } from './report.ts';
import { fillTables } from './validation-tables.ts';

/** Records in one transaction: so many as the product has, or each in its own. */
export const TOGETHER = 25;
export const APART = 1;

export interface Cost {
  readonly seconds: number;
  readonly calls: number;
  readonly units: number;
}

/** Tables that hold the same content on both sides, with the control rows that copied links leave. */
export interface FilledTables extends AsyncDisposable {
  readonly client: ReturnType<typeof connect>;
  readonly names: TableNames;
  readonly replication: ReturnType<typeof replicationOver>;
  /** Runs work and says what it cost. */
  measure(work: () => Promise<void>): Promise<Cost>;
}

/** Starts an engine of its own, with so many records in one transaction at most. */
export async function fillForReplication(content: OldContent, recordsPerTransactionMax: number): Promise<FilledTables> {
  const engine = await startEngine();
  const client = connect(localClientConfig(engine.url));
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
      const startMs = performance.now();
      await work();
      const seconds = (performance.now() - startMs) / 1_000;
      const { total, units } = counter.take();
      return { seconds, calls: total, units };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await engine.stop();
    },
  };
}

/** What each record cost. */
export function reportCost(name: string, records: number, { seconds, calls, units }: Cost): void {
  report(`${name}, records a second`, (records / seconds).toFixed(0));
  report(`${name}, calls a record`, (calls / records).toFixed(2));
  report(`${name}, units a record`, (units / records).toFixed(1));
}

/** How many times more the one costs than the other. */
export function reportRatios(name: string, before: Cost, now: Cost, goal: string): void {
  report(`${name}, time saved`, `${(before.seconds / now.seconds).toFixed(2)}x`, goal);
  report(`${name}, calls saved`, `${(before.calls / now.calls).toFixed(2)}x`);
  report(`${name}, units saved`, `${(before.units / now.units).toFixed(2)}x`);
}
