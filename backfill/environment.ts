import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../functions/account/caller.ts';
import { readEvidence } from '../functions/gate/evidence.ts';
import type { Replication } from '../functions/sync/replication.ts';
import { listUnaccepted } from '../functions/tables/control/quarantine-entries.ts';
import { UnitPace } from '../functions/tables/dynamo/unit-pace.ts';
import { type Connection, connect, dynamoTables, type Tables } from '../functions/tables/dynamo-tables.ts';
import { parseSettings, type Settings } from '../infra/settings.ts';
import { readSettingsFile } from '../infra/settings-file.ts';
import { checkAccount } from './account/check-account.ts';
import type { SettingsMatch } from './account/deployed-settings.ts';
import { requireOwnTables } from './account/shared-tables.ts';
import { localClientConfig, localEndpoint } from './local-endpoint.ts';
import { protectService } from './read-ceilings.ts';

/** An environment, opened for a command. */
export interface Environment {
  readonly settings: Settings;
  readonly connection: Connection;
  readonly client: ReturnType<typeof connect>;
  readonly tables: Tables;
  readonly replication: Replication;
  /** Whose credentials these are; undefined on an engine that runs alone. */
  readonly caller?: Caller | undefined;
  /** How the settings relate to those that are deployed. */
  readonly settingsMatch?: SettingsMatch;
}

/** What a command is about to do. One that writes anything, evidence included, needs the settings that are deployed. */
export type Intent = 'read' | 'write';

/**
 * Opens an environment of cdk.json. `local` is the local cloud that is running; the others are reached with the SDK's own
 * credentials. Before anything else is done it is made sure that this is the account that the settings name.
 *
 * @throws MigrationError `SETTINGS_INVALID`; `LOCAL_CLOUD_NOT_RUNNING`; what {@link checkAccount} finds.
 */
export async function openEnvironment(name: string, intent: Intent): Promise<Environment> {
  const { context, lineOf } = readSettingsFile();
  const settings = parseSettings(context, name, lineOf);
  requireOwnTables(context, settings);
  const environment = openUnchecked(settings);
  const { shapes, ...checked } = await checkAccount({ settings, client: environment.client, intent });
  protectService(environment, shapes, (message) => process.stderr.write(`${message}\n`));
  return { ...environment, ...checked };
}

/** The same without any check, for what has to work when nothing else does. */
export function openUnchecked(settings: Settings): Environment {
  const connection = connectionOf(settings);
  const client = connect(connection);
  const tables = dynamoTables(client, settings.tables);
  return { settings, connection, client, tables, replication: replicationOf(settings, tables) };
}

function connectionOf({ name, region }: Settings): Connection {
  return name === 'local' ? localClientConfig(localEndpoint()) : { region };
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

/** Waits until so many capacity units may be used; never, where there is no ceiling. */
export function paceOf(unitsPerSecond: number | undefined): (units: number) => Promise<void> {
  if (unitsPerSecond === undefined) return async () => {};
  const pace = new UnitPace(unitsPerSecond, Date.now);
  return async (units) => {
    const waitMs = pace.take(units);
    if (waitMs > 0) await sleep(waitMs);
  };
}

/** What the gate decides on, with the limits of the environment: the same as AppConfig's validator. */
export function gateOf({ client, settings, tables }: Pick<Environment, 'client' | 'settings' | 'tables'>) {
  const { reportAgeMaxMinutes, lagMaxSeconds } = settings.readFlag;
  const reads = { control: tables.control, quarantine: () => listUnaccepted(client, settings.tables) };
  return {
    limits: { reportAgeMaxMs: reportAgeMaxMinutes * 60_000, lagMaxMs: lagMaxSeconds * 1_000 },
    evidence: () => readEvidence(reads, Date.now()),
    nowMs: Date.now,
  };
}
