import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Replication } from '../functions/sync/replication.ts';
import { UnitPace } from '../functions/tables/dynamo/unit-pace.ts';
import { type Connection, connect, dynamoTables, type Tables } from '../functions/tables/dynamo-tables.ts';
import { readSettings, type Settings } from '../infra/settings.ts';

/** An environment, opened for a command. */
export interface Environment {
  readonly settings: Settings;
  readonly connection: Connection;
  readonly client: ReturnType<typeof connect>;
  readonly tables: Tables;
  readonly replication: Replication;
}

/**
 * Opens an environment of cdk.json. `local` is the local cloud that is running; the others are reached with the SDK's own
 * credentials.
 *
 * @throws MigrationError `SETTINGS_INVALID`; `LOCAL_CLOUD_NOT_RUNNING`.
 */
export async function openEnvironment(name: string): Promise<Environment> {
  const settings = readSettings(name);
  const connection = name === 'local' ? await localClientConfig() : { region: settings.region };
  const client = connect(connection);
  const tables = dynamoTables(client, settings.tables);
  return { settings, connection, client, tables, replication: replicationOf(settings, tables) };
}

async function localClientConfig(): Promise<Connection> {
  const { localClientConfig: config, localEndpoint } = await import('./local-endpoint.ts');
  return config(localEndpoint());
}

/** The protocol as an operator's command runs it: with the machine's clock and no time limit. */
export function replicationOf(settings: Settings, tables: Tables): Replication {
  return {
    old: tables.old,
    control: tables.control,
    transactions: tables.transactions,
    newToken: randomUUID,
    nowMs: Date.now,
    remainingMs: () => Number.POSITIVE_INFINITY,
    heldRecords: settings.heldRecords,
    tokenRetentionDays: settings.tokenRetentionDays,
    recordConcurrency: settings.replication.recordConcurrency,
  };
}

/** Who runs this command, for other operators to ask. */
export function operatorName(): string {
  return `${userInfo().username} on ${hostname()}, process ${process.pid}`;
}

/** Waits until so many capacity units may be used; never, where there is no ceiling. */
export function paceOf(unitsPerSecond: number | undefined): (units: number) => Promise<void> {
  if (unitsPerSecond === undefined) return async () => {};
  const pace = new UnitPace(unitsPerSecond, Date.now);
  return async (units) => {
    const waitMs = pace.take(units);
    if (waitMs > 0) await sleep(waitMs);
  };
}
