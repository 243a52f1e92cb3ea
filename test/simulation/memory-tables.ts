import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { kpiKeyOf, RECORD_SOURCES, type RecordSource } from '../../functions/model/sources.ts';
import { CONTROL_SORT, decodeKpiRow, kpiPartition, kpiRowKey } from '../../functions/tables/control-rows.ts';
import type { ControlTable } from '../../functions/tables/control-table.ts';
import type { Tables } from '../../functions/tables/dynamo-tables.ts';
import type { NewTables } from '../../functions/tables/new-tables.ts';
import type { OldTables, Page, ScanPosition } from '../../functions/tables/old-tables.ts';
import type { Transactions, Write } from '../../functions/tables/transactions.ts';
import { type Effect, Later, type Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { keyText, type Store } from './store.ts';

/** The storage of one process: every call waits for the scheduler, and takes effect in the store when it is chosen. */
export function memoryTables(store: Store, scheduler: Scheduler, process: Process): Tables {
  const call = <T>(effect: Effect<T>): Promise<T> => scheduler.call(process, effect);
  return {
    old: oldTables(store, scheduler, call),
    data: newTables(store, scheduler, call),
    control: controlTable(store, scheduler, call),
    transactions: transactions(store, scheduler, call),
  };
}

type Gate = <T>(effect: Effect<T>) => Promise<T>;

/** Reads several things by one call, now or in two parts: a batch is no snapshot. */
function readEach<K, V>(
  scheduler: Scheduler,
  label: () => string,
  keys: readonly K[],
  read: (key: K) => V,
  show?: (values: readonly V[]) => string,
): Effect<V[]> {
  const run = () => {
    if (keys.length < 2 || !scheduler.decisions.chance(scheduler.adversary.splitRead)) return keys.map(read);
    const cut = 1 + scheduler.decisions.choose(keys.length - 1);
    const first = keys.slice(0, cut).map(read);
    const rest = keys.slice(cut);
    return new Later<V[]>(
      { kind: 'read', label, run: () => [...first, ...rest.map(read)], ...(show && { show }) },
      first,
    );
  };
  return { kind: 'read', label, run, ...(show && { show }) };
}

function oldTables(store: Store, scheduler: Scheduler, call: Gate): OldTables {
  return {
    readLink: (id) =>
      call({ kind: 'read', label: () => `read link ${id}`, run: () => store.old.links.get(id), show: showItem }),

    async readRecords(ids) {
      const keys = ids.flatMap((id) => RECORD_SOURCES.map((source) => ({ id, source })));
      const items = await call(
        readEach(
          scheduler,
          () => `read records ${ids.join(' ')}`,
          keys,
          ({ id, source }) => store.old[source].get(id),
          (found) =>
            found
              .map((item, at) => item && `${keys[at]?.source} ${showItem(item)}`)
              .filter(Boolean)
              .join(', '),
        ),
      );
      const records = new Map<string, Partial<Record<RecordSource, Item>>>();
      for (const [at, { id, source }] of keys.entries()) {
        const item = items[at];
        if (item) records.set(id, { ...records.get(id), [source]: item });
      }
      return records;
    },

    queryRecordIds: (source, kpi, cursor) =>
      call({
        kind: 'read',
        label: () => `query ${source} by index ${kpi.kpiId}`,
        run: () => pageOf(store.queryIndex(source, kpi.kpiId), (id) => id, cursor, scheduler.adversary.pageItems),
        show: (page) => page.items.join(' '),
      }),

    scan: (source, position) =>
      call({
        kind: 'read',
        label: () => `scan ${source} segment ${position.segment}`,
        run: () => {
          const ids = segmentOf([...store.old[source].keys()], position);
          const { items, cursor } = pageOf(ids, (id) => id, position.cursor, scheduler.adversary.pageItems);
          return { items: items.map((id) => store.old[source].get(id) as Item), ...(cursor && { cursor }) };
        },
        show: (page) => page.items.map((item) => showItem(item)).join(', '),
      }),

    // Nothing writes the look-up tables while a schedule runs, so reading them is no choice.
    readKpi: async (kpiId) => store.kpis.get(kpiId),
    queryPeople: async (userId) =>
      [...store.people.values()].filter((item) => textOf(item, 'linked_user_id') === userId),
  };
}

function controlTable(store: Store, scheduler: Scheduler, call: Gate): ControlTable {
  const pageItems = scheduler.adversary.pageItems;
  const scanControl = <T>(position: ScanPosition, what: string, read: (key: string, item: Item) => T | undefined) =>
    call<Page<T>>({
      kind: 'read',
      label: () => `scan ${what} segment ${position.segment}`,
      run: () => {
        const { items, cursor } = pageOf(
          segmentOf(store.controlKeys(), position),
          (key) => key,
          position.cursor,
          pageItems,
        );
        const found = items.flatMap((key) => {
          const item = store.getPlainly('control', key);
          const value = item && read(key, item);
          return value === undefined ? [] : [value];
        });
        return { items: found, ...(cursor && { cursor }) };
      },
    });

  return {
    readKpis: (kpis) =>
      call(
        readEach(
          scheduler,
          () => `read ${kpis.map((kpi) => `K(${kpi.tenantId}/${kpi.kpiId})`).join(' ')}`,
          kpis,
          (kpi) => decodeKpiRow(kpi, store.getPlainly('control', keyText('control', kpiRowKey(kpi).key))),
          (rows) => rows.map((row) => `${row.token ?? 'none'}[${[...row.links.keys()].join(' ')}]`).join(' '),
        ),
      ),

    queryTouchedRecords: (kpi, cursor) =>
      call({
        kind: 'read',
        label: () => `query C(${kpi.tenantId}/${kpi.kpiId})`,
        run: () => {
          const prefix = `${kpiPartition(kpi)}\n${CONTROL_SORT.touchedRecords}`;
          const keys = store.controlKeys().filter((key) => key.startsWith(prefix));
          const page = pageOf(keys, (key) => key, cursor, pageItems);
          const ids = page.items.map((key) => textOf(store.getPlainly('control', key), 'record_id'));
          return { items: ids.filter((id) => id !== undefined), ...(page.cursor && { cursor: page.cursor }) };
        },
        show: (page) => page.items.join(' '),
      }),

    scanTouchedRecords: (position) =>
      scanControl(position, 'C rows', (_, item) => {
        const recordId = textOf(item, 'record_id');
        return recordId === undefined ? undefined : { kpi: kpiKeyOf(item), recordId };
      }),

    scanKpis: (position) =>
      scanControl(position, 'K rows', (key, item) =>
        key.startsWith('kpi#') && key.endsWith(`\n${CONTROL_SORT.kpi}`)
          ? decodeKpiRow(kpiKeyOf(item), item)
          : undefined,
      ),

    clearMark: (kpi, mark, expected) =>
      call<boolean>({
        kind: 'write',
        label: () => `clear ${mark} of K(${kpi.tenantId}/${kpi.kpiId}) if ${expected}`,
        fenced: true,
        run: () => {
          const key = keyText('control', kpiRowKey(kpi).key);
          const item = store.get('control', key);
          if (item === undefined || textOf(item, mark) !== expected) return false;
          const { [mark]: _, ...rest } = item;
          store.replaceControl(key, rest);
          return true;
        },
        again: () => false,
      }),

    get: (partition, sort) =>
      call({
        kind: 'read',
        label: () => `get ${partition} ${sort}`,
        run: () => store.documents.get(`${partition}\n${sort}`),
      }),
    put: (partition, sort, value) =>
      call<void>({
        kind: 'write',
        label: () => `put ${partition} ${sort} ${JSON.stringify(value).slice(0, 120)}`,
        run: () => {
          store.documents.set(`${partition}\n${sort}`, value);
        },
      }),
    delete: (partition, sort) =>
      call<void>({
        kind: 'write',
        label: () => `delete ${partition} ${sort}`,
        run: () => {
          store.documents.delete(`${partition}\n${sort}`);
        },
      }),
    list: (partition) =>
      call({
        kind: 'read',
        label: () => `list ${partition}`,
        run: () => {
          const prefix = `${partition}\n`;
          const rows = [...store.documents].filter(([key]) => key.startsWith(prefix));
          return rows.map(([key, value]) => ({ sort: key.slice(prefix.length), value }));
        },
        show: (rows) => rows.map((row) => row.sort).join(' '),
      }),
  };
}

function transactions(store: Store, scheduler: Scheduler, call: Gate): Transactions {
  return {
    read: (keys) =>
      call({
        kind: 'read',
        label: () => `transactional read ${keys.map(({ table, key }) => showKey(keyText(table, key))).join(' ')}`,
        run: () => store.readAtOnce(keys),
        show: (items) => items.map((item) => (item ? (textOf(item, 'token') ?? 'row') : '-')).join(' '),
      }),

    write: (writes) => {
      const label = () => `write ${writes.map(showWrite).join(' ')}`;
      const commit = (): boolean | Later<boolean> => {
        const hazily = writes.length > 1 && scheduler.decisions.chance(scheduler.adversary.halfVisible);
        if (!store.transact(writes, hazily)) return false;
        if (!hazily) return true;
        const settled = () => {
          store.settle(writes);
          return true;
        };
        return new Later<boolean>({ kind: 'write', label, fenced: true, run: settled });
      };
      // The SDK's second attempt at a transaction is known as such by its client token; that at a single write is not.
      const again = writes.length === 1 ? { again: () => false } : {};
      return call<boolean>({ kind: 'write', label, fenced: writes.some(isConditional), run: commit, ...again });
    },
  };
}

function newTables(store: Store, scheduler: Scheduler, call: Gate): NewTables {
  return {
    async insertDataIfAbsent(rows) {
      const inserted = await Promise.all(
        rows.map((row) =>
          call<boolean>({
            kind: 'write',
            label: () => `insert ${showItem(row)}`,
            run: () => store.insertIfAbsent(row),
            again: () => false,
          }),
        ),
      );
      const count = inserted.filter(Boolean).length;
      return { inserted: count, present: rows.length - count };
    },

    scan: (table, position) =>
      call({
        kind: 'read',
        label: () => `scan ${table}`,
        run: () => {
          const keys = segmentOf([...store.own[table].keys()], position);
          const page = pageOf(keys, (key) => key, position.cursor, scheduler.adversary.pageItems);
          return {
            items: page.items.map((key) => store.getPlainly(table, key)).filter((item) => item !== undefined),
            ...(page.cursor && { cursor: page.cursor }),
          };
        },
      }),
  };
}

function isConditional(write: Write): boolean {
  return write.kind === 'put' && (write.ifToken !== undefined || write.ifAbsent === true);
}

/** The part of a sorted listing after the cursor, which names the last key of the page before. */
function pageOf<T>(sorted: readonly T[], keyOf: (item: T) => string, cursor: Item | undefined, limit: number): Page<T> {
  const after = textOf(cursor, 'after');
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return last !== undefined && rest.length > limit ? { items, cursor: { after: { S: keyOf(last) } } } : { items };
}

function segmentOf(keys: readonly string[], { segment, totalSegments }: ScanPosition): string[] {
  return keys.filter((key) => totalSegments === 1 || hashOf(key) % totalSegments === segment).sort();
}

function hashOf(text: string): number {
  let hash = 7;
  for (let at = 0; at < text.length; at += 1) hash = (hash * 31 + text.charCodeAt(at)) >>> 0;
  return hash;
}

function showItem(item: Item | undefined): string {
  if (item === undefined) return 'nothing';
  const value = item.post_value ?? item.target_value ?? item.actual_value ?? item.value;
  const parts = [textOf(item, 'id'), textOf(item, 'tenant_id'), textOf(item, 'kpi_id'), textOf(item, 'kpi_link_id')];
  return `${parts.filter(Boolean).join('/')}${value && 'N' in value ? `=${value.N}` : ''}`;
}

function showKey(key: string): string {
  return key.replace('\n', ' ');
}

function showWrite(write: Write): string {
  if (write.kind === 'delete') return `-${showKey(keyText(write.table, write.key))}`;
  if (write.kind === 'absent') return `no ${showKey(keyText(write.table, write.key))}`;
  if (write.table !== 'control') return `+${showItem(write.item)}${write.ifAbsent ? ' if absent' : ''}`;
  const condition = write.ifToken === undefined ? '' : ` if ${write.ifToken ?? 'absent'}`;
  const links = write.item.links && 'M' in write.item.links ? `[${Object.keys(write.item.links.M).join(' ')}]` : '';
  return `+${showKey(keyText('control', write.item))}${links}=${textOf(write.item, 'token') ?? ''}${condition}`;
}
