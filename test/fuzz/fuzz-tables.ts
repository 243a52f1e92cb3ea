import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { type Environment, replicationOf } from '../../backfill/environment.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { Source } from '../../functions/migration/sources.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, SERVICE_TABLES, TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';
import { type Connection, connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { parseSettings } from '../../infra/settings.ts';
import { newTableSchemas, streamedOldTableSchemas } from '../table-schemas.ts';
import { Wire } from './wire.ts';

/** Old tables with their streams. */
export interface OldTableSet {
  readonly prefix: string;
  readonly streamArns: Readonly<Record<Source, string>>;
}

/** Tables on one engine: sets of old and of new ones, each under names of its own. */
export class FuzzTables {
  readonly client: DynamoDBClient;
  readonly streams: DynamoDBStreamsClient;
  readonly wire: Wire;
  readonly #created = new Set<string>();
  readonly #base = randomUUID().slice(0, 8);
  #sets = 0;

  readonly #connection: Connection;

  constructor(engineUrl: string) {
    this.#connection = localClientConfig(engineUrl);
    this.client = connect(this.#connection);
    this.streams = new DynamoDBStreamsClient(localClientConfig(engineUrl));
    this.wire = new Wire(engineUrl);
  }

  async createOld(): Promise<OldTableSet> {
    const prefix = this.#nextPrefix('old');
    const names = namesOf(prefix, prefix);
    const arns = await this.#create(streamedOldTableSchemas(names));
    const streamArns = Object.fromEntries(
      SOURCES.map((source) => [source, arns.get(names[OLD_TABLE_OF[source]]) ?? '']),
    );
    return { prefix, streamArns: streamArns as Record<Source, string> };
  }

  /** New tables and a control table for these old ones, as an operator's environment of its own. */
  async createEnvironment(old: OldTableSet, heldRecords: HeldRecords): Promise<Environment> {
    const names = namesOf(old.prefix, this.#nextPrefix('new'));
    await this.#create(newTableSchemas(names));
    const settings = parseSettings(contextOf(names, heldRecords), 'fuzz');
    const tables = dynamoTables(this.client, names);
    return {
      settings,
      connection: this.#connection,
      client: this.client,
      tables,
      replication: replicationOf(settings, tables),
    };
  }

  /** Deletes every table created so far. */
  async clear(): Promise<void> {
    await Promise.all([...this.#created].map((TableName) => this.client.send(new DeleteTableCommand({ TableName }))));
    this.#created.clear();
  }

  close(): void {
    this.client.destroy();
    this.streams.destroy();
  }

  #nextPrefix(kind: string): string {
    this.#sets += 1;
    return `${this.#base}-${kind}-${this.#sets}`;
  }

  async #create(schemas: readonly CreateTableCommandInput[]): Promise<Map<string, string>> {
    const arns = new Map<string, string>();
    await Promise.all(
      schemas.map(async (schema) => {
        const { TableDescription } = await this.client.send(new CreateTableCommand(schema));
        this.#created.add(schema.TableName ?? '');
        arns.set(schema.TableName ?? '', TableDescription?.LatestStreamArn ?? '');
      }),
    );
    return arns;
  }
}

function namesOf(oldPrefix: string, newPrefix: string): TableNames {
  const isOld = (role: string): boolean => SERVICE_TABLES.some((old) => old === role);
  return Object.fromEntries(
    TABLE_ROLES.map((role) => [role, `${isOld(role) ? oldPrefix : newPrefix}-${role}`]),
  ) as TableNames;
}

function contextOf(tables: TableNames, heldRecords: HeldRecords) {
  const fuzz = {
    account: '000000000000',
    region: 'us-east-1',
    tables,
    heldRecords,
    backfill: { segments: 2 },
    // Nothing is written beside a validation here, so what differs at the second look differs for good.
    validation: { segments: 2, pauseSeconds: 0.001, patienceSeconds: 0.001 },
  };
  return { migration: { environments: { fuzz } } };
}
