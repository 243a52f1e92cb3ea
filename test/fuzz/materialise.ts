import { createCipheriv, createHash } from 'node:crypto';
import { fanOutRowId, personalLinkId } from '../../functions/migration/ids.ts';
import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { itemBytes } from '../../functions/model/item-size.ts';
import { attributesOf, OLD_ATTRIBUTES } from './old-attributes.ts';
import type { BytesSketch, ItemSketch, Oddity, SketchedTable, TextSketch, ValueSketch, World } from './sketch.ts';
import type { WireItem, WireValue } from './wire.ts';
import { toItem } from './wire-form.ts';

/** A write of the service: an item that it puts, or one that it deletes. */
export interface ServiceWrite {
  readonly table: SketchedTable;
  readonly id: string;
  readonly item?: WireItem;
}

/** The writes that a world comes to, in their order: first what is there, then what changes. Pure. */
export function materialise(world: World): { readonly initial: ServiceWrite[]; readonly changes: ServiceWrite[] } {
  const texts = new Texts(world);
  const initial = world.items.map((sketch) => writeOf(texts, sketch));
  const changes = world.changes.flatMap(({ at, to }): ServiceWrite[] => {
    const target = placed(world.items, at);
    // A change of a KPI's owner or of a person comes by `repair`: the look-up tables have no stream of ours.
    if (target === undefined || target.table === 'kpis' || target.table === 'people') return [];
    const { table, id } = target;
    return [to === undefined ? { table, id: texts.of(id) } : writeOf(texts, { ...to, table, id })];
  });
  return { initial, changes };
}

function placed<T>(list: readonly T[], at: number): T | undefined {
  return list[at % Math.max(list.length, 1)];
}

function writeOf(texts: Texts, sketch: ItemSketch): ServiceWrite {
  const id = texts.of(sketch.id);
  const { required, optional } = OLD_ATTRIBUTES[sketch.table];
  const plain = { ...required, ...(sketch.isFull && optional) };
  const values = new Map(Object.entries(plain).map(([name, sketchOf]) => [name, sketchOf(sketch)]));
  for (const { attribute, value } of sketch.oddities) {
    const name = attributeName(texts, sketch.table, attribute);
    if (name === 'id') continue;
    if (value === undefined) values.delete(name);
    else values.set(name, value);
  }
  return { table: sketch.table, id, item: itemOf(texts, id, values) };
}

function attributeName(texts: Texts, table: SketchedTable, attribute: Oddity['attribute']): string {
  return typeof attribute === 'number' ? (placed(attributesOf(table), attribute) ?? '') : texts.of(attribute);
}

/** Fillers come last, since the other attributes decide how large they are. */
function itemOf(texts: Texts, id: string, values: ReadonlyMap<string, ValueSketch>): WireItem {
  const entries = new Map<string, WireValue>([['id', { S: id }]]);
  const fillers: [string, Extract<ValueSketch, { filler: object }>['filler']][] = [];
  for (const [name, value] of values) {
    if ('filler' in value) fillers.push([name, value.filler]);
    else entries.set(name, wireValueOf(texts, value));
  }
  for (const [name, { itemBytes: wanted, isRandom }] of fillers) {
    const others = itemBytes(toItem(Object.fromEntries(entries))) + Buffer.byteLength(name);
    const bytes = Math.max(0, wanted - others);
    entries.set(name, isRandom ? { B: base64Of({ random: bytes, bytes }) } : { S: 'x'.repeat(bytes) });
  }
  return Object.fromEntries(entries);
}

function wireValueOf(texts: Texts, value: ValueSketch): WireValue {
  if ('S' in value) return { S: texts.of(value.S) };
  if ('B' in value) return { B: base64Of(value.B) };
  if ('L' in value) return { L: value.L.map((each) => wireValueOf(texts, each)) };
  if ('M' in value)
    return { M: Object.fromEntries(value.M.map(([name, each]) => [texts.of(name), wireValueOf(texts, each)])) };
  if ('nested' in value) {
    const { levels, type, inner } = value.nested;
    let nested = wireValueOf(texts, inner);
    for (let level = 0; level < levels; level += 1) nested = type === 'L' ? { L: [nested] } : { M: { in: nested } };
    return nested;
  }
  if ('filler' in value) throw new Error('A filler is an attribute of its own.');
  return value;
}

/** The same bytes for the same seed, which nothing makes smaller. */
function base64Of(bytes: BytesSketch): string {
  if (typeof bytes === 'string') return bytes;
  const key = createHash('sha256').update(String(bytes.random)).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return cipher.update(Buffer.alloc(bytes.bytes)).toString('base64');
}

/** Ids that are made of ids that are made of ids end here. */
const REFERENCES_MAX = 2;

class Texts {
  readonly #world: World;
  readonly #records: readonly ItemSketch[];
  readonly #links: readonly ItemSketch[];

  constructor(world: World) {
    this.#world = world;
    this.#records = world.items.filter(({ table }) => RECORD_SOURCES.some((source) => source === table));
    this.#links = world.items.filter(({ table }) => table === 'links');
  }

  of(text: TextSketch, references = 0): string {
    if (typeof text === 'string') return text;
    if ('repeat' in text) return text.repeat.repeat(text.times);
    if ('joined' in text) return text.joined.map((part) => this.of(part, references)).join('');
    if ('pool' in text) return this.of(placed(this.#world.pools[text.pool], text.at) ?? 'nothing', references);
    if (references === REFERENCES_MAX) return 'too-far';
    if ('personalLinkOf' in text) return personalLinkId(this.of(text.personalLinkOf, references + 1));
    const record = placed(this.#records, text.fanOutOf.record)?.id ?? 'no-record';
    const link = placed(this.#links, text.fanOutOf.link)?.id ?? 'no-link';
    return fanOutRowId(this.of(record, references + 1), this.of(link, references + 1));
  }
}
