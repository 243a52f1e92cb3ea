import { RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import { LOOK_UP_TABLE_OF, OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { textOf } from '../../functions/model/attribute-value.ts';
import { isAskedFor, isPartitionAsked, keysOfBatches } from '../../functions/tables/dynamo/memory-requests.ts';
import type { OldTables } from '../../functions/tables/old/old-tables.ts';
import { type Gate, readEach } from './gate.ts';
import { pageOf, segmentOf } from './paging.ts';
import type { Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';
import { showItem } from './trace-text.ts';

/** The old tables and the look-up tables of one process. */
export function oldTables(store: Store, scheduler: Scheduler, call: Gate): OldTables {
  return {
    readLink(id) {
      if (!isAskedFor('goalKpiLinks', { id: { S: id } })) return Promise.resolve(undefined);
      const run = () => store.readOld('links', id);
      return call({ kind: 'read', label: () => `read link ${id}`, run, show: showItem });
    },

    async readLinks(ids) {
      const label = () => `read links ${ids.join(' ')}`;
      const items = await call(readEach(scheduler, label, ids, (id) => store.readOld('links', id)));
      return new Map(ids.flatMap((id, at) => (items[at] ? [[id, items[at]] as const] : [])));
    },

    async readRecords(ids, sources = RECORD_SOURCES) {
      // All are read, whichever are wanted: so a schedule is the same for who wants fewer.
      const keys = keysOfBatches(
        ids.flatMap((id) =>
          RECORD_SOURCES.map((source) => ({ table: OLD_TABLE_OF[source], key: { id: { S: id } }, id, source })),
        ),
      );
      const items = await call(
        readEach(
          scheduler,
          () => `read records ${ids.join(' ')}`,
          keys,
          ({ id, source }) => store.readOld(source, id),
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
        if (item && sources.includes(source)) records.set(id, { ...records.get(id), [source]: item });
      }
      return records;
    },

    queryRecordIds(source, kpi, cursor) {
      if (!isPartitionAsked(OLD_TABLE_OF[source], 'kpi-index', kpi.kpiId)) return Promise.resolve({ items: [] });
      return call({
        kind: 'read',
        label: () => `query ${source} by index ${kpi.kpiId}`,
        run: () => pageOf(store.queryIndex(source, kpi.kpiId), (id) => id, cursor, scheduler.adversary.pageItems),
        show: (page) => page.items.join(' '),
      });
    },

    scan: (source, position) =>
      call({
        kind: 'read',
        label: () => `scan ${source} segment ${position.segment}`,
        run: () => {
          const ids = segmentOf(store.oldIds(source), position);
          const { items, cursor } = pageOf(ids, (id) => id, position.cursor, scheduler.adversary.pageItems);
          return { items: items.map((id) => store.readOld(source, id) as Item), ...(cursor && { cursor }) };
        },
        show: (page) => page.items.map((item) => showItem(item)).join(', '),
      }),

    scanLookUps: async (lookUp, position) => ({
      items: position.segment === 0 ? [...store[LOOK_UP_TABLE_OF[lookUp]].values()] : [],
    }),

    // Nothing writes the look-up tables while a schedule runs, so reading them is no choice.
    readKpi: async (kpiId) => (isAskedFor('kpis', { id: { S: kpiId } }) ? store.kpis.get(kpiId) : undefined),
    queryPeople: async (userId) =>
      isPartitionAsked('people', 'linked-user-index', userId)
        ? [...store.people.values()].filter((item) => textOf(item, 'linked_user_id') === userId)
        : [],
  };
}
