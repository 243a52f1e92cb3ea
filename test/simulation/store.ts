import type { RecordSource, Source } from '../../functions/migration/sources.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { sameItem } from '../../functions/model/compare.ts';
import type { OwnTable, RowKey, Write } from '../../functions/tables/dynamo/transactions.ts';
import type { Decisions } from './decisions.ts';
import type { Tracker } from './footprint.ts';

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
  readonly streams: Readonly<Record<Source, Change[]>> = { links: [], milestones: [], actuals: [], readings: [] };
  /** Called with every row that is put into a new table, or, without `row`, taken from it; before it is so. */
  onRow: ((table: RowTable, row: Item | undefined, before: Item | undefined) => void) | undefined;
  /** Told what is read and written, where someone wants to know. */
  tracker: Tracker | undefined;
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
  readonly #documents = new Map<string, Document>();
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
    this.tracker?.writes(`${source} ${id}`);
    this.tracker?.writes(`index of ${source}`);
    if ((oldImage === undefined) !== (item === undefined)) this.tracker?.writes(`ids of ${source}`);
    if (live) this.tracker?.writes(`stream of ${source} at ${this.streams[source].length}`);
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

  readOld(source: Source, id: string): Item | undefined {
    this.tracker?.reads(`${source} ${id}`);
    return this.old[source].get(id);
  }

  oldIds(source: Source): string[] {
    this.tracker?.reads(`ids of ${source}`);
    return [...this.old[source].keys()];
  }

  /** The ids that the index shows for the KPI now; each item is as late as it likes, and may go back. */
  queryIndex(source: RecordSource, kpiId: string): string[] {
    const ids: string[] = [];
    // One that lags may answer after a write as it would have before.
    if (this.#indexLag === 0) this.tracker?.reads(`index of ${source}`);
    for (const [id, states] of this.#indexed[source]) {
      const isThere = states.at(-1) === kpiId;
      const matters = states.some((state) => (state === kpiId) !== isThere);
      const late = states.length > 1 && this.#decisions.chance(this.#indexLag, matters);
      const at = late ? this.#decisions.choose(states.length - 1) : states.length - 1;
      if (states[at] === kpiId) ids.push(id);
    }
    return ids.sort();
  }

  get(table: OwnTable, key: string): Item | undefined {
    this.tracker?.reads(`${table} ${key}`);
    return this.own[table].get(key);
  }

  /** As a plain read sees it: a transaction's row may still be as it was. Once seen, it stays. */
  getPlainly(table: OwnTable, key: string): Item | undefined {
    const hazyKey = `${table} ${key}`;
    this.tracker?.reads(`sight of ${hazyKey}`);
    if (this.#hazy.size > 0 && this.#hazy.has(hazyKey)) {
      // A search has it seen from a step of its own on.
      if (this.#decisions.choose(2, 1) === 0) return this.#hazy.get(hazyKey);
      this.#hazy.delete(hazyKey);
    }
    return this.own[table].get(key);
  }

  /** Keys of control rows, those included that plain reads may see although they are gone. */
  controlKeys(prefix = ''): string[] {
    this.tracker?.reads(prefix === '' ? 'control' : `control ${listingOf(prefix)}`);
    const keys = new Set(this.own.control.keys());
    for (const key of this.#hazy.keys()) if (key.startsWith('control ')) keys.add(key.slice('control '.length));
    return [...keys].filter((key) => key.startsWith(prefix)).sort();
  }

  /**
   * As a transactional read sees it. DynamoDB refuses one of an item that a transaction still has in hand; what it has answered is there for
   * everyone.
   */
  readAtOnce(keys: readonly RowKey[]): (Item | undefined)[] {
    return keys.map(({ table, key }) => {
      const text = keyText(table, key);
      this.tracker?.reads(`${table} ${text}`);
      this.#clear(table, text);
      return this.own[table].get(text);
    });
  }

  /** All or nothing. With `hazily`, plain reads see the rows one by one until {@link settle}. */
  transact(writes: readonly Write[], hazily: boolean): boolean {
    for (const write of writes) if (!this.#isAsDemanded(write)) return false;
    for (const write of writes) {
      if (write.kind === 'absent' || write.kind === 'unchanged') continue;
      const key = keyText(write.table, write.kind === 'put' ? write.item : write.key);
      const rows = this.own[write.table];
      const hazyKey = `${write.table} ${key}`;
      this.tracker?.writes(hazyKey);
      if (!hazily || this.#hazy.has(hazyKey)) {
        this.#comesIntoSight(write.table, key, rows.has(key) !== (write.kind === 'put'));
      }
      if (hazily) this.#hazy.set(hazyKey, rows.get(key));
      else this.#hazy.delete(hazyKey);
      const row = write.kind === 'put' ? write.item : undefined;
      if (write.table !== 'control') this.onRow?.(write.table, row, rows.get(key));
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    return true;
  }

  /** Plain reads find from now on what is stored. */
  #clear(table: OwnTable, key: string): void {
    const hazyKey = `${table} ${key}`;
    if (!this.#hazy.has(hazyKey)) return;
    const wasThere = this.#hazy.get(hazyKey) !== undefined;
    this.#comesIntoSight(table, key, wasThere !== this.own[table].has(key));
    this.#hazy.delete(hazyKey);
  }

  #comesIntoSight(table: OwnTable, key: string, comesOrGoes: boolean): void {
    this.tracker?.adds(`sight of ${table} ${key}`);
    if (!comesOrGoes) return;
    this.tracker?.adds(table);
    if (table === 'control') this.tracker?.adds(`control ${listingOf(key)}`);
  }

  #isAsDemanded(write: Write): boolean {
    const stored = this.get(write.table, keyText(write.table, write.kind === 'put' ? write.item : write.key));
    if (write.kind === 'absent') return stored === undefined;
    if (write.kind === 'put' && write.ifAbsent && stored !== undefined) return false;
    if (write.ifUnchanged && !sameItem(write.ifUnchanged, stored)) return false;
    return (
      write.kind === 'unchanged' || write.ifToken === undefined || (textOf(stored, 'token') ?? null) === write.ifToken
    );
  }

  /** The transaction's rows are now seen by all. */
  settle(writes: readonly Write[]): void {
    for (const write of writes) {
      const key = keyText(write.table, write.kind === 'put' ? write.item : write.key);
      this.tracker?.reads(`${write.table} ${key}`);
      this.#clear(write.table, key);
    }
  }

  /** In place of whatever is there. */
  putData(row: Item): void {
    const id = textOf(row, 'id') as string;
    const before = this.own.kpiData.get(id);
    this.tracker?.writes(`kpiData ${id}`);
    this.#hazy.delete(`kpiData ${id}`);
    this.#comesIntoSight('kpiData', id, before === undefined);
    this.onRow?.('kpiData', row, before);
    this.own.kpiData.set(id, row);
  }

  replaceControl(key: string, item: Item): void {
    this.tracker?.writes(`control ${key}`);
    this.#comesIntoSight('control', key, false);
    this.own.control.set(key, item);
  }

  document(key: string): Document | undefined {
    this.tracker?.reads(`document ${key}`);
    return this.#documents.get(key);
  }

  /** Without `value`, takes it away. */
  putDocument(key: string, value: Document | undefined): void {
    this.tracker?.writes(`document ${key}`);
    this.tracker?.adds('documents');
    if (value) this.#documents.set(key, value);
    else this.#documents.delete(key);
  }

  documents(): ReadonlyMap<string, Document> {
    this.tracker?.reads('documents');
    return this.#documents;
  }
}

/** The partition, and the kind of its rows that are listed together. */
function listingOf(controlKey: string): string {
  const [partition, sort = ''] = controlKey.split('\n');
  return `${partition}\n${sort.split('#')[0]}`;
}

/** A row's primary key as a text: the id, or both keys of the control table. */
export function keyText(table: OwnTable, key: Item): string {
  if (table !== 'control') return textOf(key, 'id') as string;
  return `${textOf(key, 'pk')}\n${textOf(key, 'sk')}`;
}
