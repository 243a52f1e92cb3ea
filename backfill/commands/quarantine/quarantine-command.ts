import { MigrationError } from '../../../functions/model/migration-error.ts';
import { toJson } from '../../../functions/tables/control/packed-image.ts';
import {
  acceptQuarantined,
  listQuarantine,
  readQuarantined,
} from '../../../functions/tables/control/quarantine-entries.ts';
import {
  decodeQuarantineEntry,
  type QuarantineEntry,
  type QuarantineSource,
  quarantineKey,
} from '../../../functions/tables/control/quarantine-rows.ts';
import { bucketDeliveries, folderDeliveries } from '../../../functions/tables/failed-deliveries.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { textTable } from '../../text-table.ts';
import { replayDeliveries } from './quarantine-replay.ts';

/** `quarantine list`: each item that cannot be migrated, with its reason. */
export async function quarantineList(environment: string): Promise<CommandResult> {
  const { client, settings } = await openEnvironment(environment);
  const entries = await Array.fromAsync(listQuarantine(client, settings.tables));
  const rows = entries.map((entry) => [
    `${entry.source} ${entry.id}`,
    entry.reason.code,
    entry.reason.attribute ?? '',
    entry.quarantinedAt,
    entry.accepted ? `accepted by ${entry.accepted.by}` : '',
  ]);
  return {
    exitCode: EXIT.done,
    document: { entries: entries.map(told) },
    lines:
      rows.length === 0
        ? ['Quarantine is empty.']
        : [
            ...textTable(['item', 'reason', 'attribute', 'since', ''], rows),
            'Next: mend the item where it comes from; it then leaves by itself. One of them whole: kpi-migrate quarantine show SOURCE ID',
          ],
  };
}

/**
 * `quarantine show`: one item whole, as its old table holds it, in DynamoDB's JSON with bytes in base64: numbers with their
 * digits, sets as sets. An event is kept as the text of the stream record.
 */
export async function quarantineShow(
  environment: string,
  source: QuarantineSource,
  id: string,
): Promise<CommandResult> {
  const { tables } = await openEnvironment(environment);
  const found = await readQuarantined(tables.transactions, source, id);
  if (found === undefined) throw notQuarantined(source, id);
  const { entry } = found;
  const image = found.image && toJson(found.image);
  const without = 'The item itself could not be kept: it is in its old table.';
  return {
    exitCode: EXIT.done,
    document: { ...told(entry), ...(image && { image }) },
    lines: [entry.reason.message, image ? JSON.stringify(image, null, 2) : without],
  };
}

/** `quarantine accept`: a person takes it that this very item is not migrated. Another version of it is not accepted. */
export async function quarantineAccept(
  options: { readonly env: string; readonly by: string; readonly execute: boolean },
  source: QuarantineSource,
  id: string,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env);
  const entry = await readEntry(environment, source, id);
  const accepted = { by: options.by, at: new Date().toISOString() };
  if (options.execute) await acceptQuarantined(environment.client, environment.settings.tables, entry, accepted);
  const said = `${source} ${id} (${entry.reason.code}: ${entry.reason.message})`;
  return {
    exitCode: EXIT.done,
    document: { source, id, reason: entry.reason, accepted, executed: options.execute },
    lines: options.execute
      ? [`Accepted by ${options.by}: ${said}. It is in no new table.`]
      : [`Would be accepted by ${options.by}: ${said}.`, 'Next: the same with --execute'],
  };
}

/** `quarantine replay`: replicates what event source mappings gave up, from their on-failure destination. */
export async function quarantineReplay(options: {
  readonly env: string;
  readonly from: string;
  readonly execute: boolean;
}): Promise<CommandResult> {
  const { replication, settings } = await openEnvironment(options.env);
  const bucket = /^s3:\/\/([^/]+)\/?$/.exec(options.from)?.[1];
  const deliveries = bucket === undefined ? folderDeliveries(options.from) : bucketDeliveries(bucket);
  const replayed = await replayDeliveries(deliveries, replication, settings.tables, options.execute);
  const failed = replayed.filter(({ failures }) => failures.length > 0);
  const records = replayed.reduce((sum, delivery) => sum + delivery.records, 0);
  const what = `${replayed.length} deliveries with ${records} records`;
  return {
    exitCode: failed.length > 0 ? EXIT.failed : EXIT.done,
    document: { deliveries: replayed, executed: options.execute },
    lines: [
      options.execute
        ? `Replayed ${what}; ${failed.length} stay.`
        : `Would replay ${what}; ${failed.length} cannot be read.`,
      ...failed.flatMap(({ key, failures }) => [`  ${key}`, ...failures.map((failure) => `    ${failure}`)]),
      ...(options.execute || replayed.length === 0 ? [] : ['Next: the same with --execute']),
    ],
  };
}

/** An entry as a program is told of it. */
function told({ image, ...entry }: QuarantineEntry): object {
  return { ...entry, ...(image && { imageSha256: image.digest }) };
}

/** Without its image. */
async function readEntry({ tables }: Environment, source: QuarantineSource, id: string): Promise<QuarantineEntry> {
  const [item] = await tables.transactions.read([quarantineKey(source, id)]);
  if (item !== undefined) return decodeQuarantineEntry(item);
  throw notQuarantined(source, id);
}

function notQuarantined(source: QuarantineSource, id: string): MigrationError {
  return new MigrationError('NOT_QUARANTINED', `Quarantine holds no item ${id} of ${source}.`, {
    nextStep: 'See what it holds: kpi-migrate quarantine list',
  });
}
