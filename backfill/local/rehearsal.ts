import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Item } from '../../functions/model/attribute-value.ts';
import { SOURCES, type Source } from '../../functions/model/sources.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { OLD_TABLE_OF } from '../../functions/tables/table-names.ts';
import type { Settings } from '../../infra/settings.ts';
import { type Environment, replicationOf } from '../environment.ts';
import { countNames } from '../tally.ts';
import { type Agreement, compareAll, scanTable } from './agreement.ts';
import { createLegacyWriter, sendLegacyWrite } from './live-writer.ts';
import { type LocalCloud, startLocalCloud } from './local-cloud.ts';
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
  /** Copies and sweeps all, through whatever befalls it. */
  readonly backfill: (cloud: LocalCloud, environment: Environment, random: SeededRandom) => Promise<void>;
  /** Does harm until the signal is aborted. */
  readonly faults: (cloud: LocalCloud, random: SeededRandom, end: AbortSignal) => Promise<void>;
}

export interface RehearsalReport {
  readonly agree: boolean;
  readonly seed: number;
  /** Items of each old table when it began. */
  readonly items: Readonly<Record<string, number>>;
  /** Writes of the service by the situation they brought about. */
  readonly writes: Readonly<Record<string, number>>;
  /** Stream records that were handed to the functions. */
  readonly events: number;
  /** Deliveries that the on-failure destination kept: each may be a change that was not replicated. */
  readonly undelivered: number;
  readonly agreement: Agreement;
  readonly durationsMs: Readonly<Record<'start' | 'backfill' | 'drain' | 'compare', number>>;
}

/** Part of the writes that is kept until the backfill is done, so that the streams alone have to carry it. */
const WRITES_AFTER = 0.25;

/** Mean pause between two writes, in milliseconds: with it they last about as long as the backfill of the sample. */
const PAUSE_MS = 5;

/**
 * The whole migration in small: a local cloud of its own with the export in its old tables, a live writer all the while,
 * the backfill, and in the end a comparison of every row with what the old tables demand.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { settings, seed, note } = options;
  const watch = stopwatch(options.nowMs);
  const cloud = await startLocalCloud({ settings, exportDirectory: options.exportDirectory, onProgress: note });
  const faultsEnd = new AbortController();
  try {
    const client = connect(cloud.clientConfig);
    const tables = dynamoTables(client, settings.tables);
    const environment = { settings, client, tables, replication: replicationOf(settings, tables) };
    const initial = await readOldTables(environment);
    const writer = startWriter(options, environment, initial);
    const start = watch();

    note(`The backfill begins; beside it the service makes ${options.writes} writes.`);
    const writesAfter = Math.round(options.writes * WRITES_AFTER);
    const story = async (): Promise<number> => {
      await Promise.all([
        writer.write(options.writes - writesAfter),
        options.backfill(cloud, environment, seededRandom(seed + 1)),
      ]);
      const elapsedMs = watch();
      note('The backfill is done. The service goes on for a while; then the streams are drained.');
      await writer.write(writesAfter);
      faultsEnd.abort();
      return elapsedMs;
    };
    const [backfill] = await Promise.all([story(), options.faults(cloud, seededRandom(seed + 2), faultsEnd.signal)]);
    await cloud.mappings.drained();
    const drain = watch();

    note('Every row of the new tables is compared with what the old tables demand.');
    const agreement = await compareAll(client, settings.tables, settings.heldRecords);
    const undelivered = await countFiles(cloud.onFailureDirectory);
    return {
      agree: agreement.disagreements.length === 0 && undelivered === 0,
      seed,
      items: Object.fromEntries(SOURCES.map((source) => [source, initial[source].length])),
      writes: writer.counts(),
      events: cloud.mappings.counters().records,
      undelivered,
      agreement,
      durationsMs: { start, backfill, drain, compare: watch() },
    };
  } finally {
    faultsEnd.abort();
    await cloud.stop();
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
): { write: (count: number) => Promise<void>; counts: () => Record<string, number> } {
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
