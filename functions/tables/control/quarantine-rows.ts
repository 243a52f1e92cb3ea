import type { QuarantineReason } from '../../migration/quarantine-reason.ts';
import { SOURCES } from '../../migration/sources.ts';
import { type Item, textOf } from '../../model/attribute-value.ts';
import { itemDigest } from '../../model/digest.ts';
import type { RowKey, Write } from '../dynamo/transactions.ts';
import { controlKey, keyPart, mapOf } from './control-rows.ts';
import { packImage, unpackImage } from './packed-image.ts';

/** What quarantine keeps entries of: items of the old tables, and events that could not be read. */
export const QUARANTINE_SOURCES = [...SOURCES, 'events'] as const;

export type QuarantineSource = (typeof QUARANTINE_SOURCES)[number];

/** The image that an entry is of. It is kept apart from the entry, which lists and the gate read without it. */
export interface KeptImage {
  /** `itemDigest` of the image: tells whether an item is still the one in quarantine. */
  readonly digest: string;
  /** Rows that hold the image. None where only the digest could be kept. */
  readonly parts: number;
}

/** An item or an event in quarantine. */
export interface QuarantineEntry {
  readonly source: QuarantineSource;
  /** The item's id, or the event's. */
  readonly id: string;
  readonly reason: QuarantineReason;
  readonly quarantinedAt: string;
  /** Absent where the item itself could not be read. */
  readonly image?: KeptImage;
  /** Whoever replaces or removes the entry demands that it still be the one they read. */
  readonly token?: string;
  /** Who accepted this very image as lost, and when; absent while nobody has. */
  readonly accepted?: Acceptance;
}

/** Who accepted that an item is not migrated. */
export interface Acceptance {
  /** The person, as they were named. */
  readonly by: string;
  readonly at: string;
  /** ARN of the credentials with which it was done. */
  readonly caller?: string;
}

/** An entry without the item itself, which is tenants' data and stays where it is. */
export function withoutImage({ image, token: _, ...entry }: QuarantineEntry): object {
  return { ...entry, ...(image && { imageSha256: image.digest }) };
}

/** How much of an item is kept: the image as in its old table or as received, its digest alone, or neither. */
export type KeptForm = 'whole' | 'digest' | 'name';

/**
 * Bytes of an image in one row at most. DynamoDB stores 400 KB (service quotas, "Item size"); the row's keys and names take
 * a part of it. An item of 400 KB that cannot be compressed is a few percent larger as base64 in gzip, and so takes two rows; a stream
 * record with two such images takes three. All of them fit the 4 MB of one transaction.
 */
const PART_BYTES_MAX = 350_000;

export function quarantineKey(source: QuarantineSource, id: string): RowKey {
  return controlKey(`quarantine#${source}`, keyPart(id));
}

/** More open entries than this nobody reads: the gate's time is short, and the first one already refuses. */
export const OPEN_READ_MAX = 1_000;

/** The partition of the rows that name the entries of a source which nobody has accepted. */
export function openPartition(source: QuarantineSource): string {
  return `quarantine-open#${source}`;
}

/**
 * The row that says that nobody has accepted the entry. It is written and deleted in one transaction with the entry, and
 * deleted in one with the acceptance. So whoever asks what is open reads that alone, strongly, however much was accepted.
 */
export function openKey({ source, id }: Pick<QuarantineEntry, 'source' | 'id'>): RowKey {
  return controlKey(openPartition(source), keyPart(id));
}

/** Not under the entry's partition: whoever lists entries does not read past images. */
function imagePartKey({ source, id }: Pick<QuarantineEntry, 'source' | 'id'>, digest: string, part: number): RowKey {
  return controlKey(`quarantine-image#${source}#${keyPart(id)}`, `${digest}#${part}`);
}

/**
 * The rows that hold the entry's image, in order. Their keys name the image by its digest, so that an entry never leads to the parts of
 * another image, whatever is written between two reads.
 */
export function imagePartKeys(entry: Pick<QuarantineEntry, 'source' | 'id' | 'image'>): RowKey[] {
  const { digest, parts } = entry.image ?? { digest: '', parts: 0 };
  return Array.from({ length: parts }, (_, part) => imagePartKey(entry, digest, part));
}

/** Puts the parts of an image together; undefined where one is missing. */
export function joinImage(parts: readonly (Item | undefined)[]): Item | undefined {
  const bytes = parts.map((row) => row?.bytes).flatMap((value) => (value && 'B' in value ? [value.B] : []));
  return bytes.length === parts.length && bytes.length > 0 ? unpackImage(Buffer.concat(bytes)) : undefined;
}

/**
 * The writes that make an entry, to be sent in one transaction: either the entry is there with its whole image, or nothing
 * of it. They take effect only in place of `before`: who replaces another entry than the one they read would leave the
 * parts of its image behind. No other token guards that, since an item's entry may be written for one KPI and for another.
 *
 * @param before the entry that it takes the place of.
 */
export function putEntry(
  entry: Omit<QuarantineEntry, 'image' | 'accepted' | 'token'>,
  image: Item | undefined,
  form: KeptForm,
  before: QuarantineEntry | undefined,
): Write[] {
  const digest = image === undefined || form === 'name' ? undefined : itemDigest(image);
  const packed = image === undefined || form !== 'whole' ? [] : cut(packImage(image));
  const kept = digest === undefined ? undefined : { digest, parts: packed.length };
  const parts = packed.map((bytes, part): Write => {
    const { key } = imagePartKey(entry, digest ?? '', part);
    return { kind: 'put', table: 'control', item: { ...key, bytes: { B: bytes } } };
  });
  const item = encodeEntry({ ...entry, ...(kept && { image: kept }) });
  const ifToken = before?.token ?? null;
  // An entry that takes the place of an accepted one is open again: nobody has accepted this one.
  const open: Item = { ...openKey(entry).key, id: { S: entry.id } };
  return [
    { kind: 'put', table: 'control', item, ifToken },
    { kind: 'put', table: 'control', item: open },
    ...parts,
    ...partDeletes(before, kept),
  ];
}

/** The writes that take just this entry away, with its image. */
export function deleteEntry(entry: QuarantineEntry): Write[] {
  const row = quarantineKey(entry.source, entry.id);
  return [
    { kind: 'delete', ...row, ifToken: entry.token ?? null },
    { kind: 'delete', ...openKey(entry) },
    ...partDeletes(entry, undefined),
  ];
}

/** A transaction takes no two writes of one key: parts that are written again are not deleted. */
function partDeletes(before: QuarantineEntry | undefined, kept: KeptImage | undefined): Write[] {
  if (before === undefined) return [];
  const stays = before.image?.digest === kept?.digest ? (kept?.parts ?? 0) : 0;
  return imagePartKeys(before)
    .slice(stays)
    .map((row): Write => ({ kind: 'delete', ...row }));
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PART_BYTES_MAX);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * PART_BYTES_MAX, (at + 1) * PART_BYTES_MAX));
}

/** Two entries of an item have the same token only if their images take the same rows. */
function encodeEntry({ source, id, reason, quarantinedAt, image }: QuarantineEntry): Item {
  return {
    ...quarantineKey(source, id).key,
    id: { S: id },
    source: { S: source },
    reason: { S: JSON.stringify(reason) },
    quarantined_at: { S: quarantinedAt },
    token: { S: image ? `${image.digest}#${image.parts}` : 'name' },
    ...(image && { image_sha256: { S: image.digest }, image_parts: { N: String(image.parts) } }),
  };
}

export function acceptanceMap({ by, at, caller }: Acceptance): Item {
  return { by: { S: by }, at: { S: at }, ...(caller !== undefined && { caller: { S: caller } }) };
}

function acceptanceOf(map: Item): Acceptance | undefined {
  const [by, at, caller] = ['by', 'at', 'caller'].map((name) => textOf(map, name));
  if (by === undefined) return undefined;
  return { by, at: at ?? '', ...(caller !== undefined && { caller }) };
}

export function decodeQuarantineEntry(item: Item): QuarantineEntry {
  const accepted = acceptanceOf(mapOf(item, 'accepted') ?? {});
  const digest = textOf(item, 'image_sha256');
  const parts = item.image_parts;
  const token = textOf(item, 'token');
  return {
    source: (textOf(item, 'source') ?? 'events') as QuarantineSource,
    id: textOf(item, 'id') ?? '',
    reason: JSON.parse(textOf(item, 'reason') ?? '{}') as QuarantineReason,
    quarantinedAt: textOf(item, 'quarantined_at') ?? '',
    ...(digest !== undefined && { image: { digest, parts: parts && 'N' in parts ? Number(parts.N) : 0 } }),
    ...(token !== undefined && { token }),
    ...(accepted && { accepted }),
  };
}
