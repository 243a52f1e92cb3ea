import { userInfo } from 'node:os';
import pMap from 'p-map';
import { contextOfItem, type OldItemContext } from '../../../functions/migration/old-item-context.ts';
import { OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { toJson } from '../../../functions/tables/control/packed-image.ts';
import {
  acceptQuarantined,
  listQuarantine,
  readImage,
  readQuarantined,
} from '../../../functions/tables/control/quarantine-entries.ts';
import {
  decodeQuarantineEntry,
  type QuarantineEntry,
  type QuarantineSource,
  quarantineKey,
  withoutImage,
} from '../../../functions/tables/control/quarantine-rows.ts';
import type { Tables } from '../../../functions/tables/dynamo-tables.ts';
import { bucketDeliveries, folderDeliveries } from '../../../functions/tables/failed-deliveries.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { idWords, type NextStep, nextStep } from '../../next-step.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeAcceptance, describeEntries, describeReplay } from './describe-quarantine.ts';
import { replayDeliveries } from './quarantine-replay.ts';

/** `quarantine list`: the items that cannot be migrated, with their reasons. */
export async function quarantineList({ env }: { readonly env: string }): Promise<CommandResult> {
  const { client, settings, tables } = await openEnvironment(env, 'read');
  const listed = await pMap(
    listQuarantine(client, settings.tables),
    async (entry) => ({ ...entry, ...(await contextOfEntry(tables.transactions, entry)) }),
    { concurrency: IMAGES_READ_AT_ONCE },
  );
  const entries = listed.map((entry) => ({ ...withoutImage(entry), ...tableOf(entry, settings.tables) }));
  return { exitCode: EXIT.done, document: { entries }, lines: describeEntries(listed) };
}

/** One can be 400 KB. */
const IMAGES_READ_AT_ONCE = 8;

/** Whose the item is, as its image says. An image that could not be kept, or has expired, says nothing. */
async function contextOfEntry(transactions: Tables['transactions'], entry: QuarantineEntry): Promise<OldItemContext> {
  const { source } = entry;
  if (source === 'events') return {};
  const image = await readImage(transactions, entry);
  return image === undefined ? {} : contextOfItem(source, image);
}

function tableOf({ source }: QuarantineEntry, names: TableNames) {
  return source === 'events' ? {} : { table: names[OLD_TABLE_OF[source]] };
}

const DAY_MS = 86_400_000;

interface ItemOptions {
  readonly env: string;
  readonly source: QuarantineSource;
  readonly id: string;
}

/**
 * `quarantine show`: one item as its old table holds it, in DynamoDB's JSON: numbers with all digits, sets as sets, bytes in
 * base64. An event is kept as the text of the stream record.
 */
export async function quarantineShow({ env, source, id }: ItemOptions): Promise<CommandResult> {
  const { tables } = await openEnvironment(env, 'read');
  const found = await readQuarantined(tables.transactions, source, id);
  if (found === undefined) throw notQuarantined(source, id);
  const { entry } = found;
  const image = found.image && toJson(found.image);
  const without = 'The item itself is not kept here. Read it in its old table.';
  return {
    exitCode: EXIT.done,
    document: { ...withoutImage(entry), ...(image && { image }) },
    lines: [
      ...(image ? [JSON.stringify(image, null, 2)] : [without]),
      entry.reason.message,
      ...(entry.accepted ? [`Accepted by ${entry.accepted.by} at ${entry.accepted.at}.`] : []),
    ],
    ...(entry.accepted === undefined && { next: acceptance(env, source, id) }),
  };
}

/** `quarantine accept`: a person accepts that this version of an item is not migrated. A changed item is not accepted. */
export async function quarantineAccept(
  options: ItemOptions & { readonly by: string; readonly execute: boolean },
): Promise<CommandResult> {
  const { source, id, by, execute } = options;
  const environment = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  const entry = await readEntry(environment, source, id);
  const nowMs = Date.now();
  const { caller, client, settings } = environment;
  const accepted = { by, at: new Date(nowMs).toISOString(), ...(caller && { caller: caller.arn }) };
  const imageExpiresAtMs = nowMs + settings.retention.acceptedImageDays * DAY_MS;
  if (execute) await acceptQuarantined(client, settings.tables, entry, accepted, imageExpiresAtMs);
  return {
    exitCode: EXIT.done,
    document: { source, id, reason: entry.reason, accepted, executed: execute },
    lines: describeAcceptance(entry, by, execute),
    ...(!execute && { next: 'execute' }),
  };
}

/** `quarantine replay`: replicates what the event source mappings gave up, from their on-failure destination. */
export async function quarantineReplay(options: {
  readonly env: string;
  readonly from: string;
  readonly execute: boolean;
}): Promise<CommandResult> {
  const { replication, settings } = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  const bucket = /^s3:\/\/([^/]+)\/?$/.exec(options.from)?.[1];
  const deliveries = bucket === undefined ? folderDeliveries(options.from) : bucketDeliveries(bucket);
  const replayed = await replayDeliveries(deliveries, replication, settings.tables, options.execute);
  return {
    exitCode: replayed.some(({ failures }) => failures.length > 0) ? EXIT.failed : EXIT.done,
    document: { deliveries: replayed, executed: options.execute },
    lines: describeReplay(replayed, options.execute),
    ...(!options.execute && replayed.length > 0 && { next: 'execute' }),
  };
}

/** An item that is to stay behind is accepted by whoever has looked at it. */
function acceptance(env: string, source: QuarantineSource, id: string): NextStep {
  const words = ['quarantine', 'accept', source, `--by=${userInfo().username}`, '--execute', ...idWords(id)];
  return nextStep(
    env,
    words,
    'correct the item in the service, and it leaves by itself; or accept that it stays behind',
  );
}

/** Without its image. */
async function readEntry({ tables }: Environment, source: QuarantineSource, id: string): Promise<QuarantineEntry> {
  const [item] = await tables.transactions.read([quarantineKey(source, id)]);
  if (item !== undefined) return decodeQuarantineEntry(item);
  throw notQuarantined(source, id);
}

function notQuarantined(source: QuarantineSource, id: string): MigrationError {
  return new MigrationError('NOT_QUARANTINED', `Quarantine has no item ${id} of ${source}.`, {
    nextStep: 'See what it has: kpi-migrate quarantine list',
  });
}
