import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { TableNames } from '../../migration/tables.ts';
import { type Item, textOf } from '../../model/attribute-value.ts';
import { itemDigest } from '../../model/digest.ts';
import { MigrationError } from '../../model/migration-error.ts';
import { shellWord } from '../../model/shell-word.ts';
import { queryAll } from '../dynamo/dynamo-queries.ts';
import { cancellationCodes, outlasting, retryTransient } from '../dynamo/retry.ts';
import type { Transactions } from '../dynamo/transactions.ts';
import {
  type Acceptance,
  acceptanceMap,
  decodeQuarantineEntry,
  imagePartKeys,
  joinImage,
  OPEN_READ_MAX,
  openKey,
  openPartition,
  QUARANTINE_SOURCES,
  type QuarantineEntry,
  type QuarantineSource,
  quarantineKey,
} from './quarantine-rows.ts';

/**
 * All entries of quarantine, or those of some sources, source by source in this order, read strongly, page by page. Images
 * are not read.
 */
export async function* listQuarantine(
  client: DynamoDBClient,
  names: TableNames,
  sources: readonly QuarantineSource[] = QUARANTINE_SOURCES,
): AsyncGenerator<QuarantineEntry> {
  for (const source of sources) {
    const partition = ['pk', textOf(quarantineKey(source, '').key, 'pk') ?? ''] as const;
    const items = queryAll(client, { tableName: names.control, partition });
    for await (const item of items) yield decodeQuarantineEntry(item);
  }
}

/**
 * The entries that nobody has accepted, read strongly, without those that someone has; at most {@link OPEN_READ_MAX}.
 */
export async function* listUnaccepted(
  client: DynamoDBClient,
  names: TableNames,
): AsyncGenerator<Pick<QuarantineEntry, 'source' | 'id'>> {
  let left = OPEN_READ_MAX;
  for (const source of QUARANTINE_SOURCES) {
    const query = {
      tableName: names.control,
      partition: ['pk', openPartition(source)],
      attributes: ['id'],
      limit: OPEN_READ_MAX,
    } as const;
    for await (const item of queryAll(client, query)) {
      if (left === 0) return;
      left -= 1;
      yield { source, id: textOf(item, 'id') ?? '' };
    }
  }
}

/** Reads of an entry whose image is replaced meanwhile, until one is found whole. */
const READS_MAX = 5;

/**
 * One entry with its image. The image is undefined where none could be kept, or where it was accepted and has expired.
 *
 * @returns undefined where quarantine holds no such entry.
 * @throws MigrationError QUARANTINE_DAMAGED where the stored image is not the one that the entry is of.
 */
export async function readQuarantined(
  transactions: Pick<Transactions, 'read'>,
  source: QuarantineSource,
  id: string,
): Promise<{ readonly entry: QuarantineEntry; readonly image: Item | undefined } | undefined> {
  for (let attempt = 0; attempt < READS_MAX; attempt += 1) {
    const [item] = await transactions.read([quarantineKey(source, id)]);
    if (item === undefined) return undefined;
    const entry = decodeQuarantineEntry(item);
    const keys = imagePartKeys(entry);
    if (keys.length === 0) return { entry, image: undefined };
    const image = joinImage(await transactions.read(keys));
    // A part is missing where the entry was replaced between the two reads: then there is another to be read.
    if (image && itemDigest(image) === entry.image?.digest) return { entry, image };
    // Kept for a while only. If it has just been replaced, what replaced it is not accepted.
    if (image === undefined && entry.accepted !== undefined) return { entry, image };
  }
  throw new MigrationError('QUARANTINE_DAMAGED', `The copy of ${source} ${id} in quarantine is incomplete.`, {
    nextStep: 'Read the item in its old table. To write the entry again: kpi-migrate repair --execute',
  });
}

/** The image of an entry that was just listed; undefined where none is kept, or the entry was replaced meanwhile. */
export async function readImage(
  transactions: Pick<Transactions, 'read'>,
  entry: QuarantineEntry,
): Promise<Item | undefined> {
  const keys = imagePartKeys(entry);
  return keys.length === 0 ? undefined : joinImage(await transactions.read(keys));
}

/**
 * Notes that a person accepts an entry as it was shown to them. Its image holds people's data and has served its purpose:
 * it goes at the time given, if one is.
 *
 * @throws MigrationError QUARANTINE_CHANGED where the item has changed or left since.
 */
export async function acceptQuarantined(
  client: DynamoDBClient,
  names: TableNames,
  { source, id, quarantinedAt, image }: Pick<QuarantineEntry, 'source' | 'id' | 'quarantinedAt' | 'image'>,
  accepted: Acceptance,
  imageExpiresAtMs?: number,
): Promise<void> {
  const { table: _, key } = quarantineKey(source, id);
  const accept = {
    TableName: names.control,
    Key: key,
    UpdateExpression: 'SET accepted = :accepted',
    ConditionExpression: `quarantined_at = :seen AND ${image ? 'image_sha256 = :image' : 'attribute_not_exists(image_sha256)'}`,
    ExpressionAttributeValues: {
      ':accepted': { M: acceptanceMap(accepted) },
      ':seen': { S: quarantinedAt },
      ...(image && { ':image': { S: image.digest } }),
    },
  };
  const close = { TableName: names.control, Key: openKey({ source, id }).key };
  try {
    await retryTransient(() =>
      client.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: accept }, { Delete: close }] })),
    );
  } catch (cause) {
    if (!cancellationCodes(cause).includes('ConditionalCheckFailed')) throw cause;
    throw new MigrationError('QUARANTINE_CHANGED', `The item ${id} of ${source} has changed in the meantime.`, {
      cause,
      nextStep: `Look again: kpi-migrate quarantine show ${source} ${shellWord(id)}`,
    });
  }
  if (imageExpiresAtMs === undefined) return;
  for (const { key } of imagePartKeys({ source, id, ...(image && { image }) })) {
    await expireImagePart(client, names, key, imageExpiresAtMs);
  }
}

/** Has DynamoDB delete a part of an image. One that is gone already stays so: the entry was replaced meanwhile. */
async function expireImagePart(
  client: DynamoDBClient,
  { control }: TableNames,
  key: Item,
  expiresAtMs: number,
): Promise<void> {
  const expire = {
    TableName: control,
    Key: key,
    UpdateExpression: 'SET expires_at = :at',
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeValues: { ':at': { N: String(Math.ceil(expiresAtMs / 1_000)) } },
  };
  await outlasting(client, () => client.send(new UpdateItemCommand(expire))).catch((error: unknown) => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  });
}
