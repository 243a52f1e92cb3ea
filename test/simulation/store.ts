import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import type { RecordSource, Source } from '../../functions/model/sources.ts';
import type { OwnTable, RowKey, Write } from '../../functions/tables/transactions.ts';
import type { Decisions } from './decisions.ts';

/** One change of an old table's item, as its stream has it. */
export interface Change {
  readonly source: Source;
  readonly id: string;
  readonly oldImage: Item | undefined;
  readonly newImage: Item | undefined;
}

/** A plain row of the control table. */
export type Document = Readonly<Record<string, unknown>>;

/** The new tables. */
export type RowTable = Exclude<OwnTable, 'control'>;

/** All tables, in memory. Nothing here decides when: the scheduler does, and each method takes effect at once. */
export class Store {
  readonly old: Readonly<Record<Source, Map<string, Item>>> = {
    links: new Map(),
    milestones: new Map(),
    actuals: new Map(),
    readings: new Map(),
  };
  readonly kpis = new Map<string, Item>();
  readonly people = new Map<string, Item>();
  /** By `keyText`. */
  readonly own: Readonly<Record<OwnTable, Map<string, Item>>> = {
    kpiLinks: new Map(),
    kpiData: new Map(),
    control: new Map(),
  };
  readonly documents = new Map<string, Document>();
  readonly streams: Readonly<Record<Source, Change[]>> = { links: [], milestones: [], actuals: [], readings: [] };
  /** Called with every row that is put into a new table, or, without `row`, taken from it; before it is so. */
  onRow: ((table: RowTable, row: Item | undefined, before: Item | undefined) => void) | undefined;
  /** Called with every write of the service. */
  onOldWrite: ((source: Source, id: string, item: Item | undefined) => void) | undefined;
  /** What the kpi-index may still show of an item, oldest first; the last is how it is. */
  readonly #indexed: Readonly<Record<RecordSource, Map<string, (string | undefined)[]>>> = {
    milestones: new Map(),
    actuals: new Map(),
    readings: new Map(),
  };
  /** Rows of transactions that plain reads may not see yet: as they were before. */
  readonly #hazy = new Map<string, Item | undefined>();
  readonly #decisions: Decisions;
  readonly #indexLag: number;

  constructor(decisions: Decisions, indexLag: number) {
    this.#decisions = decisions;
    this.#indexLag = indexLag;
  }

  /** A write of the service. `live` writes go to the stream; those before the migration do not. */
  writeOld(source: Source, id: string, item: Item | undefined, live: boolean): void {
    this.onOldWrite?.(source, id, item);
    const oldImage = this.old[source].get(id);
    if (item) this.old[source].set(id, item);
    else this.old[source].delete(id);
    if (live) this.streams[source].push({ source, id, oldImage, newImage: item });
    if (source === 'links') return;
    const kpiId = textOf(item, 'kpi_id') || undefined;
    const known = this.#indexed[source].get(id);
    if (!live) this.#indexed[source].set(id, [kpiId]);
    else if (known) known.push(kpiId);
    else this.#indexed[source].set(id, [undefined, kpiId]);
  }

  /** The ids that the index shows for the KPI now; each item is as late as it likes, and may go back. */
  queryIndex(source: RecordSource, kpiId: string): string[] {
    const ids: string[] = [];
    for (const [id, states] of this.#indexed[source]) {
      const late = states.length > 1 && this.#decisions.chance(this.#indexLag);
      const at = late ? this.#decisions.choose(states.length - 1) : states.length - 1;
      if (states[at] === kpiId) ids.push(id);
    }
    return ids.sort();
  }

  get(table: OwnTable, key: string): Item | undefined {
    return this.own[table].get(key);
  }

  /** As a plain read sees it: a transaction's row may still be as it was. Once seen, it stays. */
  getPlainly(table: OwnTable, key: string): Item | undefined {
    const hazyKey = `${table} ${key}`;
    if (this.#hazy.size > 0 && this.#hazy.has(hazyKey)) {
      if (this.#decisions.choose(2) === 0) return this.#hazy.get(hazyKey);
      this.#hazy.delete(hazyKey);
    }
    return this.own[table].get(key);
  }

  /** Keys of control rows, those included that plain reads may see although they are gone. */
  controlKeys(): string[] {
    const keys = new Set(this.own.control.keys());
    for (const key of this.#hazy.keys()) if (key.startsWith('control ')) keys.add(key.slice('control '.length));
    return [...keys].sort();
  }

  /**
   * As a transactional read sees it. DynamoDB refuses one of an item that a transaction still has in hand; what it has answered is there for
   * everyone.
   */
  readAtOnce(keys: readonly RowKey[]): (Item | undefined)[] {
    return keys.map(({ table, key }) => {
      const text = keyText(table, key);
      this.#hazy.delete(`${table} ${text}`);
      return this.own[table].get(text);
    });
  }

  /** All or nothing. With `hazily`, plain reads see the rows one by one until {@link settle}. */
  transact(writes: readonly Write[], hazily: boolean): boolean {
    for (const write of writes) if (!this.#isAsDemanded(write)) return false;
    for (const write of writes) {
      if (write.kind === 'absent') continue;
      const key = keyText(write.table, write.kind === 'put' ? write.item : write.key);
      const rows = this.own[write.table];
      const hazyKey = `${write.table} ${key}`;
      if (hazily) this.#hazy.set(hazyKey, rows.get(key));
      else this.#hazy.delete(hazyKey);
      const row = write.kind === 'put' ? write.item : undefined;
      if (write.table !== 'control') this.onRow?.(write.table, row, rows.get(key));
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    return true;
  }

  #isAsDemanded(write: Write): boolean {
    const stored = this.own[write.table].get(keyText(write.table, write.kind === 'put' ? write.item : write.key));
    if (write.kind === 'absent') return stored === undefined;
    if (write.kind === 'delete') return true;
    if (write.ifAbsent && stored !== undefined) return false;
    return write.ifToken === undefined || (textOf(stored, 'token') ?? null) === write.ifToken;
  }

  /** The transaction's rows are now seen by all. */
  settle(writes: readonly Write[]): void {
    for (const write of writes) {
      this.#hazy.delete(`${write.table} ${keyText(write.table, write.kind === 'put' ? write.item : write.key)}`);
    }
  }

  insertIfAbsent(row: Item): boolean {
    const id = textOf(row, 'id') as string;
    if (this.own.kpiData.has(id)) return false;
    this.onRow?.('kpiData', row, undefined);
    this.own.kpiData.set(id, row);
    return true;
  }

  replaceControl(key: string, item: Item): void {
    this.own.control.set(key, item);
  }

  /** All that is stored, in the streams and seen by the indexes, as one text. */
  state(): string {
    const tables = [...Object.values(this.old), ...Object.values(this.own), this.documents, this.#hazy];
    return JSON.stringify([
      tables.map((rows) => [...rows].sort(([one], [other]) => (one < other ? -1 : 1))),
      Object.values(this.#indexed).map((items) => [...items]),
      Object.values(this.streams),
    ]);
  }
}

/** A row's primary key as a text: the id, or both keys of the control table. */
export function keyText(table: OwnTable, key: Item): string {
  if (table !== 'control') return textOf(key, 'id') as string;
  return `${textOf(key, 'pk')}\n${textOf(key, 'sk')}`;
}
