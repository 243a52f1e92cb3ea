import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import pMap from 'p-map';
import { type Caller, identifyCaller } from '../../../functions/account/caller.ts';
import {
  SERVICE_TABLES,
  type ServiceTable,
  TABLE_ROLES,
  type TableNames,
} from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { describeTable, listTables, type TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { partitionOf } from '../../../infra/regions.ts';
import { parseSettings } from '../../../infra/settings.ts';
import { readSettingsFile } from '../../../infra/settings-file.ts';
import { nameAwsFailure } from '../../account/aws-failure.ts';
import { requireOwnTables } from '../../account/shared-tables.ts';
import { localClientConfig, localEndpoint, localServicesEndpoint } from '../../local-endpoint.ts';
import { nextStep } from '../../next-step.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeInit } from './describe-init.ts';
import { type FoundTables, findTables, withAffix } from './find-tables.ts';
import { type Change, changesOf, withChanges } from './settings-change.ts';

export interface InitOptions {
  readonly env: string;
  readonly region?: string;
  readonly table?: Readonly<Partial<Record<ServiceTable, string>>>;
  readonly overwrite: boolean;
  readonly execute: boolean;
}

/** What cdk.json is where there is none: the app of the installed package. */
const NEW_FILE = '{\n  "app": "npx kpi-migrate-app",\n  "context": {}\n}\n';

/** `init`: writes the settings of an environment from the tables of the account whose credentials these are. */
export async function initCommand(options: InitOptions): Promise<CommandResult> {
  const path = resolve('cdk.json');
  const file = existsSync(path) ? readSettingsFile(path) : undefined;
  const given = environmentIn(file?.context, options.env);
  const { caller, region, shapes, unreadable } = await lookAround(options, regionIn(given));
  const found = findTables(shapes, options.env, options.table);
  requireAll(found, shapes, caller, region);
  const tables = namesOf(found);
  const keys = keysOf(tables, shapes);
  const changes = changesOf(given, { account: caller.account, region, tables, keys });
  const text = withChanges(file?.text ?? NEW_FILE, options.env, changes);
  checkText(text, options.env);
  if (options.execute) await write(path, text, options, changes);
  return {
    exitCode: EXIT.done,
    document: { path, account: caller.account, region, tables, changes, executed: options.execute },
    lines: describeInit({ ...options, path, caller, region, tables, shapes, changes, unreadable }),
    ...(options.execute || changes.length === 0
      ? { next: nextStep(options.env, ['preflight'], 'the settings are there; this says what the tables still lack') }
      : { next: 'execute' as const }),
  };
}

interface Surroundings {
  readonly caller: Caller;
  readonly region: string;
  readonly shapes: ReadonlyMap<string, TableShape>;
  /** Tables that these credentials may not describe. */
  readonly unreadable: number;
}

async function lookAround({ env, ...options }: InitOptions, regionGiven: string | undefined): Promise<Surroundings> {
  const isLocal = env === 'local';
  const region = options.region ?? regionGiven ?? (await regionOfMachine(isLocal));
  if (partitionOf(region) === undefined) {
    throw new MigrationError('SETTINGS_INVALID', `${region} is no region.`, {
      nextStep: 'Name one: --region us-east-1',
    });
  }
  const client = connect(isLocal ? localClientConfig(localEndpoint()) : { region });
  try {
    const services = isLocal ? localServicesEndpoint(undefined) : undefined;
    const caller = await identifyCaller(services === undefined ? { region } : localClientConfig(services));
    const names = await listTables(client);
    const described = await pMap(names, async (name) => [name, await shapeOf(client, name)] as const, {
      concurrency: 8,
    });
    const shapes = new Map(described.flatMap(([name, shape]) => (shape === undefined ? [] : [[name, shape]])));
    return { caller, region, shapes, unreadable: described.length - shapes.size };
  } catch (error) {
    throw nameAwsFailure(error, { name: env, account: 'of the credentials', region });
  } finally {
    client.destroy();
  }
}

/** Rights may be given table by table: a table that these credentials may not look at is not one of theirs. */
async function shapeOf(client: ReturnType<typeof connect>, name: string): Promise<TableShape | undefined> {
  try {
    return await describeTable(client, name);
  } catch (error) {
    if ((error as Error).name === 'AccessDeniedException') return undefined;
    throw error;
  }
}

async function regionOfMachine(isLocal: boolean): Promise<string> {
  if (isLocal) return 'us-east-1';
  const client = connect();
  try {
    return await client.config.region();
  } catch (cause) {
    const nextStep = 'Name it: --region us-east-1; or set AWS_REGION.';
    throw new MigrationError('SETTINGS_INVALID', 'Nothing says in which region the tables are.', { cause, nextStep });
  } finally {
    client.destroy();
  }
}

function environmentIn(context: unknown, name: string): unknown {
  const { migration } = (context ?? {}) as { migration?: { environments?: Readonly<Record<string, unknown>> } };
  const { environments = {} } = migration ?? {};
  return Object.hasOwn(environments, name) ? environments[name] : undefined;
}

function regionIn(given: unknown): string | undefined {
  const { region } = (given ?? {}) as { region?: unknown };
  return typeof region === 'string' ? region : undefined;
}

function requireAll(
  { tables, candidates }: FoundTables,
  shapes: ReadonlyMap<string, TableShape>,
  { account }: Caller,
  region: string,
): void {
  const wrong = Object.values(tables).filter((name) => !shapes.has(name));
  const open = SERVICE_TABLES.filter((role) => tables[role] === undefined);
  if (wrong.length === 0 && open.length === 0) return;
  const lines = [
    ...wrong.map((name) => `  ${name} is not there, or may not be described`),
    ...open.map((role) => `  ${role}: ${among(candidates[role] ?? [])}`),
  ];
  const options = open.map((role) => `--table ${role}=NAME`).join(' ');
  throw new MigrationError(
    'TABLES_UNCLEAR',
    [
      `Account ${account}, region ${region} has ${shapes.size} tables, but it is not clear which are meant:`,
      ...lines,
    ].join('\n'),
    { nextStep: `Name one or all of them: ${options || '--table ROLE=NAME'}` },
  );
}

const CANDIDATES_TOLD = 5;

function among(names: readonly string[]): string {
  if (names.length === 0) return 'no table has the key and the indexes of it';
  const more = names.length > CANDIDATES_TOLD ? ` and ${names.length - CANDIDATES_TOLD} more` : '';
  return `one of ${names.slice(0, CANDIDATES_TOLD).join(', ')}${more}`;
}

function namesOf({ tables, affix }: FoundTables): TableNames {
  const names = TABLE_ROLES.map((role) => [role, tables[role as ServiceTable] ?? withAffix(affix, role)]);
  return Object.fromEntries(names) as TableNames;
}

function keysOf(tables: TableNames, shapes: ReadonlyMap<string, TableShape>): Partial<Record<ServiceTable, string>> {
  return Object.fromEntries(
    SERVICE_TABLES.flatMap((role) => {
      const key = shapes.get(tables[role])?.encryptionKey?.arn;
      return key === undefined ? [] : [[role, key]];
    }),
  );
}

/** What would be written has to be right, the settings that stay included. */
function checkText(text: string, environment: string): void {
  const { context } = JSON.parse(text) as { context: unknown };
  requireOwnTables(context, parseSettings(context, environment));
}

async function write(path: string, text: string, { env, overwrite }: InitOptions, changes: readonly Change[]) {
  const replaced = changes.filter(({ before }) => before !== undefined);
  if (replaced.length > 0 && !overwrite) {
    const names = replaced.map(({ path: place }) => place.join('.')).join(', ');
    throw new MigrationError(
      'SETTINGS_PRESENT',
      `Environment ${env} has other settings already: ${names}. Nothing was written.`,
      {
        nextStep: 'See what would change without --execute; to replace them add --overwrite.',
      },
    );
  }
  if (changes.length > 0) await writeFile(path, text);
}
