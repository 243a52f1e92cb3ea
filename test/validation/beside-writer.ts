import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { validateEnvironment } from '../../backfill/commands/validate/run-validation.ts';
import { type Environment, replicationOf } from '../../backfill/environment.ts';
import { type LocalCloud, startLocalCloud } from '../../backfill/local/cloud/local-cloud.ts';
import { createLegacyWriter, hotKpisOf, sendLegacyWrite } from '../../backfill/local/rehearsal/live-writer.ts';
import { seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { kpiKeyOf, SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, SERVICE_TABLES } from '../../functions/migration/tables.ts';
import { textOf } from '../../functions/model/attribute-value.ts';
import { kpiIdentity } from '../../functions/model/kpi.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { longestLagMs } from '../../functions/tables/replication-lag.ts';
import type { ValidationReport } from '../../functions/validation/report.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { generatedContent } from '../bench/generated-content.ts';
import type { Synthesised } from '../crash-runs/synthesised.ts';
import { writeTableExport } from '../local/export/small-export.ts';
import { runCli } from '../run-cli.ts';

export interface BesideWriterOptions {
  readonly seed: number;
  readonly kpis: number;
  readonly recordsOfKpi: number;
  /** From the first look at a row that differs to the last; what streams lag behind has to be less. */
  readonly patienceSeconds: number;
  /** Writes that the functions have not taken yet, beyond which the writer waits: more would only add to the lag. */
  readonly aheadMax: number;
  /** The stack of `local`, where it is there already. */
  readonly synthesised?: Synthesised;
}

/** One validation beside the writer, as it went. */
export interface RunBesideWriter {
  readonly report: ValidationReport;
  readonly seconds: number;
  /** Writes of the service while it ran. */
  readonly writes: number;
  /** How far the streams were behind at its end, in milliseconds, by what the functions noted. */
  readonly lagMs: number;
}

/** A local cloud with its functions at work, a service that writes without a pause, and what `validate` makes of it. */
export interface BesideWriter {
  validate(): Promise<RunBesideWriter>;
  /** Removes a row behind the protocol's back, of a KPI that the writer leaves alone. @returns its id. */
  loseRow(): Promise<string>;
  /** Ends the writes, and resolves when the functions have been handed all of them. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it all: the tables are filled by the backfill before the writer begins. */
export async function startBesideWriter(options: BesideWriterOptions): Promise<BesideWriter> {
  const { seed, kpis, recordsOfKpi, patienceSeconds, synthesised } = options;
  await using starting = new AsyncDisposableStack();
  const local = readSettings('local');
  const settings = { ...local, validation: { ...local.validation, pauseSeconds: 0.5, patienceSeconds } };
  const content = generatedContent(0, kpis, recordsOfKpi);
  const exportDirectory = await mkdtemp(join(tmpdir(), 'beside-writer-'));
  starting.defer(() => rm(exportDirectory, { recursive: true, force: true }));
  for (const role of SERVICE_TABLES) writeTableExport(exportDirectory, settings.tables[role], itemsOf(content, role));
  const cloud = await startLocalCloud({
    settings,
    exportDirectory,
    ...(synthesised && { synthesised }),
    onProgress: () => {},
  });
  starting.defer(() => cloud.stop());
  const client = connect(cloud.clientConfig);
  starting.defer(() => client.destroy());
  const filled = await runCli(['backfill', '--execute'], { AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbUrl });
  if (filled.exitCode !== 0) throw new Error(`The backfill failed: ${filled.stderr}`);

  const tables = dynamoTables(client, settings.tables);
  const environment: Environment = {
    ...{ settings, connection: cloud.clientConfig, client, tables },
    replication: replicationOf(settings, tables),
  };
  const writer = new Writer(environment, cloud, content, options);
  starting.defer(() => writer.end());
  const running = starting.move();
  return {
    async validate() {
      const startMs = Date.now();
      const before = writer.writes;
      const progress = { note: () => {}, begin: () => {}, advance: () => {}, end: () => {} };
      const { report } = await validateEnvironment(environment, { progress, stop: new AbortController().signal });
      return {
        report,
        seconds: (Date.now() - startMs) / 1_000,
        writes: writer.writes - before,
        lagMs: await longestLagMs(tables.control, Date.now()),
      };
    },
    async loseRow() {
      const hot = new Set(hotKpisOf(seededRandom(seed), content).map(kpiIdentity));
      const cold = content.actuals.find((item) => !hot.has(kpiIdentity(kpiKeyOf(item))));
      const id = textOf(cold, 'id') ?? '';
      await client.send(new DeleteItemCommand({ TableName: settings.tables.kpiData, Key: { id: { S: id } } }));
      return id;
    },
    async quiet() {
      await writer.end();
      await cloud.mappings.drained();
    },
    stop: () => running.disposeAsync(),
  };
}

function itemsOf(content: OldContent, role: (typeof SERVICE_TABLES)[number]) {
  if (role === 'kpis' || role === 'people') return content[role];
  return SOURCES.filter((source) => OLD_TABLE_OF[source] === role).flatMap((source) => content[source]);
}

/** The service: as fast as the engine takes its writes and the functions follow. */
class Writer {
  writes = 0;
  #ended = false;
  readonly #aheadMax: number;
  readonly #running: Promise<void>;

  constructor({ client, settings }: Environment, cloud: LocalCloud, content: OldContent, options: BesideWriterOptions) {
    this.#aheadMax = options.aheadMax;
    const next = createLegacyWriter(seededRandom(options.seed), content);
    this.#running = this.#run(
      () => sendLegacyWrite(client, settings.tables, next()),
      () => cloud.mappings.drained(),
    );
    // Thrown by `end`, who awaits it; until then it must not end the process.
    this.#running.catch(() => {});
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /** In two halves, of which the one is written while the functions take the other. */
  async #run(write: () => Promise<void>, drained: () => Promise<void>): Promise<void> {
    let before = Promise.resolve();
    while (!this.#ended) {
      for (let at = 0; at < this.#aheadMax / 2 && !this.#ended; at += 1) {
        await write();
        this.writes += 1;
      }
      const taken = drained();
      taken.catch(() => {});
      await before;
      before = taken;
    }
    await before;
  }
}
