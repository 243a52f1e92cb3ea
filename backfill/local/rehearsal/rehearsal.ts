import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFlag } from '../../../functions/flag/access.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { type CountsByName, countNames } from '../../../functions/model/counts-by-name.ts';
import { kpiIdentity } from '../../../functions/model/kpi.ts';
import { connect, dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import type { Settings } from '../../../infra/settings.ts';
import type { ReadCounts } from '../../cockpit/samples.ts';
import { validateEnvironment } from '../../commands/validate/run-validation.ts';
import { type Environment, replicationOf } from '../../environment.ts';
import { localClientConfig } from '../../local-endpoint.ts';
import { type LocalCloud, startLocalCloud } from '../cloud/local-cloud.ts';
import { type Agreement, compareAll, scanTable } from './agreement.ts';
import { createLegacyWriter, hotKpisOf, sendLegacyWrite } from './live-writer.ts';
import type { ReadersReport } from './readers.ts';
import { type CutoverReport, cutOver } from './rehearsal-cutover.ts';
import { type RehearsalReads, startReaders } from './rehearsal-reads.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';

export interface RehearsalOptions {
  readonly settings: Settings;
  readonly exportDirectory: string;
  /** Decides the writes, their pauses, and the faults. */
  readonly seed: number;
  readonly writes: number;
  readonly nowMs: () => number;
  readonly note: (message: string) => void;
  readonly stop: AbortSignal;
  /** Copies and sweeps all, whatever happens to it. */
  readonly backfill: (cloud: LocalCloud, environment: Environment, random: SeededRandom) => Promise<void>;
  /** Does harm until the signal is aborted. */
  readonly faults: (cloud: LocalCloud, random: SeededRandom, end: AbortSignal) => Promise<void>;
  /** Somebody who looks on, from when the cloud is up. */
  readonly watch?: (cloud: LocalCloud, environment: Environment, reads: () => ReadCounts) => Promise<Onlooker>;
}

/** Who looks on at a rehearsal. */
export interface Onlooker extends AsyncDisposable {
  /** Resolves when they have seen enough: reads are on the new tables, and all readers still read. */
  readonly seen: () => Promise<void>;
}

export interface RehearsalReport {
  readonly agree: boolean;
  readonly seed: number;
  /** Items of each old table when it began. */
  readonly items: Readonly<Record<string, number>>;
  /** Writes of the service by the situation they brought about. */
  readonly writes: CountsByName;
  /** Stream records that were handed to the functions. */
  readonly events: number;
  /** Deliveries that the on-failure destination kept: each may be a change that was not replicated. */
  readonly undelivered: number;
  /** What functions asked of tables that their roles do not allow. */
  readonly denied: readonly string[];
  readonly readers: ReadersReport;
  readonly cutover: CutoverReport;
  readonly agreement: Agreement;
  readonly durationsMs: Readonly<Record<'start' | 'backfill' | 'cutover' | 'drain' | 'compare', number>>;
}

/** Part of the writes that is made beside the backfill; the rest is for the streams alone to carry, beside the readers. */
const WRITES_BESIDE_BACKFILL = 0.6;

/** Mean pause between two writes, in milliseconds: with it they last about as long as the backfill of the sample. */
const PAUSE_MS = 5;

/** Ten minutes of a rollout pass in a second. */
const FLAG_TIME_SCALE = 600;

/** AppConfig's shortest poll, as the local cloud has it, in milliseconds: none is shorter than a second. */
const POLL_INTERVAL_MS = 1_000;

const NO_READS: ReadCounts = { old: 0, new: 0, differing: 0, lastNewAnswerAtMs: 0 };

/** Validations that may be inconclusive beside a writer before that is an answer. */
const VALIDATIONS_MAX = 20;

/**
 * The whole migration in small: a local cloud of its own with the export in its old tables, a live writer all the while,
 * the backfill, readers who are moved to the new tables, back, and there again, and in the end a comparison of every row with
 * what the old tables demand.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { settings, seed, note, exportDirectory } = options;
  const watch = stopwatch(options.nowMs);
  await using ending = new AsyncDisposableStack();
  const cloud = await startLocalCloud({
    settings,
    exportDirectory,
    flagTimeScale: FLAG_TIME_SCALE,
    onProgress: note,
  });
  ending.defer(() => cloud.stop());
  const { appconfig } = cloud;
  if (appconfig === undefined) throw new Error('The stack of a rehearsal has a flag.');
  const client = connect(cloud.clientConfig);
  const tables = dynamoTables(client, settings.tables);
  const environment = {
    ...{ settings, connection: cloud.clientConfig, client, tables },
    replication: replicationOf(settings, tables),
  };
  let reading: RehearsalReads | undefined;
  const onlooker = await options.watch?.(cloud, environment, () => reading?.counts() ?? NO_READS);
  if (onlooker) ending.use(onlooker);
  const initial = await readOldTables(environment);
  const writer = startWriter(options, environment, initial);
  const start = watch();

  note(`The backfill starts, while the service makes ${options.writes} writes.`);
  const writesBeside = Math.round(options.writes * WRITES_BESIDE_BACKFILL);
  const faultsEnd = new AbortController();
  const copied = Promise.all([
    writer.write(writesBeside),
    options.backfill(cloud, environment, seededRandom(seed + 1)),
  ]).finally(() => faultsEnd.abort());
  await Promise.all([copied, options.faults(cloud, seededRandom(seed + 2), faultsEnd.signal)]);
  const backfill = watch();

  note('The backfill is done. Every tenant reads, and reads move to the new tables, while the service keeps writing.');
  const hotKpis = new Set(hotKpisOf(seededRandom(seed), initial).map(kpiIdentity));
  reading = startReaders(
    { ...cloud, appconfig },
    { client, settings, random: seededRandom(seed + 4) },
    initial,
    hotKpis,
  );
  const { stop: stopReading } = reading;
  ending.defer(stopReading);
  const [cutover] = await Promise.all([
    cutOver({
      environment,
      flag: await findFlag(localClientConfig(appconfig.url), settings.name),
      ...reading,
      throttleGate: cloud.throttleGate,
      validate: async () => {
        // An operator waits until the streams have caught up: before that, much is in flight.
        await cloud.mappings.drained();
        return validateUntilConclusive(options, environment);
      },
      pollIntervalMs: POLL_INTERVAL_MS,
      note,
      nowMs: options.nowMs,
    }),
    writer.write(options.writes - writesBeside),
  ]);
  const cutoverMs = watch();
  await onlooker?.seen();
  await stopReading();
  await cloud.mappings.drained();
  const drain = watch();

  note('Comparing every row of the new tables with the old tables.');
  const agreement = await compareAll(client, settings.tables, settings.heldRecords);
  const readers = reading.readers.report();
  const undelivered = await countFiles(cloud.onFailureDirectory);
  const denied = cloud.denied();
  const isReplicated = agreement.disagreements.length === 0 && undelivered === 0 && denied.length === 0;
  return {
    agree: isReplicated && isSound(readers) && isSafe(cutover),
    seed,
    items: Object.fromEntries(SOURCES.map((source) => [source, initial[source].length])),
    writes: writer.counts(),
    events: cloud.mappings.counters().records,
    undelivered,
    denied,
    readers,
    cutover,
    agreement,
    durationsMs: { start, backfill, cutover: cutoverMs, drain, compare: watch() },
  };
}

/** No read failed, none saw another tenant's row, and everyone read what they had just written. */
export function isSound({ failed, foreignRows, ownWritesLost }: ReadersReport): boolean {
  return failed.size === 0 && foreignRows === 0 && ownWritesLost === 0;
}

/** The gate refused what it has to refuse, and the new side answered when it was asked to, and only then. */
export function isSafe({ refusedWithoutEvidence, refusedWithQuarantine, newAnswers }: CutoverReport): boolean {
  const answered = (act: string): boolean => (newAnswers.get(act) ?? 0) > 0;
  return (
    refusedWithoutEvidence &&
    refusedWithQuarantine !== false &&
    !answered('shadow') &&
    answered('new 100 %') &&
    answered('new again')
  );
}

async function validateUntilConclusive({ note, stop }: RehearsalOptions, environment: Environment): Promise<string> {
  const quiet = { note, begin: () => {}, advance: () => {}, end: () => {} };
  for (let attempt = 1; ; attempt += 1) {
    const { report } = await validateEnvironment(environment, { progress: quiet, stop });
    if (report.verdict !== 'inconclusive' || attempt === VALIDATIONS_MAX) return report.verdict;
  }
}

/** Tells the milliseconds since it was last asked. */
function stopwatch(nowMs: () => number): () => number {
  let lastMs = nowMs();
  return () => {
    const elapsedMs = nowMs() - lastMs;
    lastMs += elapsedMs;
    return elapsedMs;
  };
}

/** By id, so that a seed finds the same items in the same places whatever order a scan has. */
async function readOldTables({ client, settings }: Environment): Promise<Record<Source, Item[]>> {
  const read = async (source: Source): Promise<Item[]> => {
    const items = await scanTable(client, settings.tables, OLD_TABLE_OF[source]);
    return items.sort((left, right) => (JSON.stringify(left.id) < JSON.stringify(right.id) ? -1 : 1));
  };
  return {
    links: await read('links'),
    milestones: await read('milestones'),
    actuals: await read('actuals'),
    readings: await read('readings'),
  };
}

function startWriter(
  { seed, stop }: RehearsalOptions,
  { client, settings }: Environment,
  initial: Readonly<Record<Source, readonly Item[]>>,
): { write: (count: number) => Promise<void>; counts: () => CountsByName } {
  const next = createLegacyWriter(seededRandom(seed), initial);
  const pauses = seededRandom(seed + 3);
  const situations: string[] = [];
  return {
    async write(count) {
      for (let left = count; left > 0; left -= 1) {
        stop.throwIfAborted();
        const write = next();
        await sendLegacyWrite(client, settings.tables, write);
        situations.push(write.why);
        await sleep(pauses.below(2 * PAUSE_MS));
      }
    },
    counts: () => countNames(situations),
  };
}

async function countFiles(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}
