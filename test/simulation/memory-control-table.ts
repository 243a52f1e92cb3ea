import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import {
  decodeQuarantined,
  kpiPartition,
  recordTokenKey,
  TOUCHED_RECORDS_SORT,
} from '../../functions/tables/control/control-rows.ts';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import { decodeKpiRow, decodeSpilledLink, KPI_SORT, kpiRowKey } from '../../functions/tables/control/kpi-rows.ts';
import {
  isAskedFor,
  isPartitionAsked,
  keysOfBatches,
  writesOf,
} from '../../functions/tables/dynamo/memory-requests.ts';
import { requireLegal } from '../../functions/tables/dynamo/request-rules.ts';
import type { Page, ScanPosition } from '../../functions/tables/old/old-tables.ts';
import { type Gate, readEach } from './gate.ts';
import { pageOf, segmentOf } from './paging.ts';
import type { Scheduler } from './scheduler.ts';
import { type Document, keyText, type Store } from './store.ts';

/** The control table of one process. */
export function controlTable(store: Store, scheduler: Scheduler, call: Gate): ControlTable {
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

  const queryPartition = <T>(
    what: string,
    [partition, sortPrefix]: readonly [partition: string, sortPrefix: string],
    cursor: Item | undefined,
    read: (item: Item) => T,
    show: (value: T) => string,
  ): Promise<Page<T>> => {
    if (!isPartitionAsked('control', undefined, partition)) return Promise.resolve({ items: [] });
    return call<Page<T>>({
      kind: 'read',
      label: () => `query ${what}`,
      run: () => {
        const page = pageOf(store.controlKeys(`${partition}\n${sortPrefix}`), (key) => key, cursor, pageItems);
        const items = page.items.map((key) => store.getPlainly('control', key)).filter((item) => item !== undefined);
        return { items: items.map(read), ...(page.cursor && { cursor: page.cursor }) };
      },
      show: (page) => page.items.map(show).join(' '),
    });
  };

  return {
    readKpis(kpis) {
      keysOfBatches(kpis.map(kpiRowKey));
      return call(
        readEach(
          scheduler,
          () => `read ${kpis.map((kpi) => `K(${kpi.tenantId}/${kpi.kpiId})`).join(' ')}`,
          kpis,
          (kpi) => decodeKpiRow(kpi, store.getPlainly('control', keyText('control', kpiRowKey(kpi).key))),
          (rows) => rows.map((row) => `${row.token ?? 'none'}[${[...row.inlineLinks.keys()].join(' ')}]`).join(' '),
        ),
      );
    },

    async recordsInQuarantine(ids) {
      keysOfBatches(ids.map(recordTokenKey));
      const named = await call(
        readEach(
          scheduler,
          () => `read tokens ${ids.join(' ')}`,
          ids,
          (id) => decodeQuarantined(store.getPlainly('control', keyText('control', recordTokenKey(id).key))),
          (found) => found.map((sources) => sources.join('+') || '-').join(' '),
        ),
      );
      return new Set(ids.filter((_, at) => (named[at]?.length ?? 0) > 0));
    },

    queryTouchedRecords: (kpi, cursor) =>
      queryPartition(
        `C(${kpi.tenantId}/${kpi.kpiId})`,
        [kpiPartition(kpi), TOUCHED_RECORDS_SORT],
        cursor,
        (item) => textOf(item, 'record_id') ?? '',
        (id) => id,
      ),

    querySpilledLinks: (kpi, cursor) =>
      queryPartition(
        `spilled links of K(${kpi.tenantId}/${kpi.kpiId})`,
        [kpiPartition(kpi), KPI_SORT.spilledLinks],
        cursor,
        decodeSpilledLink,
        (link) => ('linkedAt' in link ? link.id : `(${link.id})`),
      ),

    scanTouchedRecords: (position) =>
      scanControl(position, 'C rows', (_, item) => {
        const recordId = textOf(item, 'record_id');
        return recordId === undefined ? undefined : { kpi: kpiKeyOf(item), recordId };
      }),

    scanKpis: (position) =>
      scanControl(position, 'K rows', (key, item) =>
        key.startsWith('kpi#') && key.endsWith(`\n${KPI_SORT.head}`) ? decodeKpiRow(kpiKeyOf(item), item) : undefined,
      ),

    clearMark(kpi, mark, expected) {
      requireLegal({ operation: 'UpdateItem', ...kpiRowKey(kpi), remove: [mark] });
      return call<boolean>({
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
      });
    },

    get(partition, sort) {
      if (!isAskedFor('control', plainKey(partition, sort))) return Promise.resolve(undefined);
      return call({
        kind: 'read',
        label: () => `get ${partition} ${sort}`,
        run: () => store.document(`${partition}\n${sort}`),
      });
    },
    put(partition, sort, value) {
      // Of a plain row only the key: its other attributes are not in wire form here.
      writesOf([{ kind: 'put', table: 'control', item: plainKey(partition, sort) }]);
      return call<void>({
        kind: 'write',
        label: () => `put ${partition} ${sort} ${JSON.stringify(value).slice(0, 120)}`,
        run: () => {
          store.putDocument(`${partition}\n${sort}`, value);
        },
      });
    },
    delete(partition, sort) {
      if (writesOf([{ kind: 'delete', table: 'control', key: plainKey(partition, sort) }]).length === 0)
        return Promise.resolve();
      return call<void>({
        kind: 'write',
        label: () => `delete ${partition} ${sort}`,
        run: () => {
          store.putDocument(`${partition}\n${sort}`, undefined);
        },
      });
    },
    list(partition) {
      if (!isPartitionAsked('control', undefined, partition)) return Promise.resolve([]);
      return call({
        kind: 'read',
        label: () => `list ${partition}`,
        run: () => {
          const prefix = `${partition}\n`;
          const documents = [...store.documents()].filter(([key]) => key.startsWith(prefix));
          // Leases are written as other rows are, and listed with the documents. Of those, only members' are asked for.
          const leases = store
            .controlKeys(`${prefix}lease#`)
            .map((key) => [key, plainOf(store.getPlainly('control', key))] as const);
          return [...documents, ...leases].map(([key, value]) => ({ sort: key.slice(prefix.length), value }));
        },
        show: (rows) => rows.map((row) => row.sort).join(' '),
      });
    },
  };
}

/** A lease's row without its wire form: texts and numbers. */
function plainOf(row: Item = {}): Document {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, 'N' in value ? Number(value.N) : textOf(row, name)]),
  );
}

function plainKey(partition: string, sort: string): Item {
  return { pk: { S: partition }, sk: { S: sort } };
}
