import { randomUUID } from 'node:crypto';
import { BatchWriteItemCommand, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { executeRepair } from '../../backfill/commands/repair/repair.ts';
import { runBackfill } from '../../backfill/copy/backfill.ts';
import { scanTable } from '../../backfill/local/rehearsal/agreement.ts';
import { expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, TABLE_ROLES, type TableNames, type TableRole } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import { dynamoTables, type Tables } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import type { ReadTable } from '../../functions/tables/validation-reads.ts';
import type { Finding } from '../../functions/validation/findings.ts';
import { type Validation, type ValidationOptions, validate } from '../../functions/validation/validate.ts';
import { backfillOptions } from '../backfill/backfill-options.ts';
import { createTestTables, engineClient } from '../engine-client.ts';

/** All rows that a backfill of some content left. */
type Rows = ReadonlyMap<TableRole, readonly Item[]>;

const backfilled = new Map<string, Rows>();

/** Tables of their own on the engine, with all that is needed to fill, spoil, validate and mend them. */
export class ValidationBench {
  readonly client = engineClient();
  readonly names: TableNames;
  readonly tables: Tables;
  readonly replication: Replication;

  private constructor(names: TableNames, heldRecords: HeldRecords) {
    this.names = names;
    this.tables = dynamoTables(this.client, names);
    this.replication = {
      ...this.tables,
      newToken: randomUUID,
      nowMs: Date.now,
      remainingMs: () => Number.POSITIVE_INFINITY,
      heldRecords,
      tokenRetentionDays: 30,
      recordConcurrency: 8,
    };
  }

  static async create(heldRecords: HeldRecords = 'hold'): Promise<ValidationBench> {
    return new ValidationBench(await createTestTables(), heldRecords);
  }

  /**
   * Tables with this content and what a backfill makes of it. The first call of a file runs the backfill. Later calls
   * write back every row it left, the control table's too, which takes a tenth of the time.
   */
  static async migrated(content: OldContent): Promise<ValidationBench> {
    const bench = await ValidationBench.create();
    const key = JSON.stringify(content);
    const known = backfilled.get(key);
    if (known) {
      await Promise.all([...known].map(([role, rows]) => bench.putAll(role, rows)));
    } else {
      await bench.load(content);
      await bench.backfill();
      const rows = TABLE_ROLES.map(async (role) => [role, await scanTable(bench.client, bench.names, role)] as const);
      backfilled.set(key, new Map(await Promise.all(rows)));
    }
    return bench;
  }

  async load(content: Partial<OldContent>): Promise<void> {
    for (const source of SOURCES) await this.putAll(OLD_TABLE_OF[source], content[source] ?? []);
    await this.putAll('kpis', content.kpis ?? []);
    await this.putAll('people', content.people ?? []);
  }

  async putAll(table: TableRole, items: readonly Item[]): Promise<void> {
    for (let start = 0; start < items.length; start += 25) {
      const requests = items.slice(start, start + 25).map((item) => ({ PutRequest: { Item: item } }));
      await this.client.send(new BatchWriteItemCommand({ RequestItems: { [this.names[table]]: requests } }));
    }
  }

  async put(table: ReadTable, item: Item): Promise<void> {
    await this.client.send(new PutItemCommand({ TableName: this.names[table], Item: item }));
  }

  async remove(table: ReadTable, id: string): Promise<void> {
    await this.client.send(new DeleteItemCommand({ TableName: this.names[table], Key: { id: { S: id } } }));
  }

  /** Puts into the new tables what the mapping says: faster than a backfill, and without the rows of the protocol. */
  async fill(content: OldContent): Promise<void> {
    const expected = expectedRows(content, this.replication.heldRecords);
    await this.putAll('kpiLinks', [...expected.kpiLinks.values()]);
    await this.putAll('kpiData', [...expected.kpiData.values()]);
  }

  async backfill(): Promise<void> {
    await runBackfill(backfillOptions({ replication: this.replication, data: this.tables.data }));
  }

  options(changes: Partial<ValidationOptions> = {}): ValidationOptions {
    return {
      reads: dynamoValidationReads(this.client, this.names, async () => {}),
      control: this.tables.control,
      transactions: this.tables.transactions,
      heldRecords: this.replication.heldRecords,
      backfillRunId: 'backfill',
      segments: 2,
      checkpointMs: 60_000,
      pauseMs: 1,
      patienceMs: 5,
      lagMs: async () => 0,
      findingsMax: 10_000,
      nowMs: Date.now,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      newToken: randomUUID,
      prove: async () => ({ planted: 1, missed: [] }),
      note: () => {},
      progress: { begin: () => {}, advance: () => {}, end: () => {} },
      stop: new AbortController().signal,
      ...changes,
    };
  }

  validate(changes: Partial<ValidationOptions> = {}): Promise<Validation> {
    return validate(this.options(changes));
  }

  /** @returns what still differs. */
  async repair(findings: readonly Finding[]): Promise<readonly Finding[]> {
    const options = this.options();
    const left = await executeRepair(
      { replication: this.replication, reads: options.reads, patience: { ...options, lagMs: async () => 0 } },
      findings,
    );
    return left.proven;
  }
}
