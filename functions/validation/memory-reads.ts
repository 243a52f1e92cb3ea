import type { Source } from '../migration/sources.ts';
import { LISTED_BY, LOOK_UP_TABLE_OF } from '../migration/tables.ts';
import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import { quarantineKey } from '../tables/control/quarantine-rows.ts';
import { idsOfBatches, isPartitionAsked, keysOfBatches } from '../tables/dynamo/memory-requests.ts';
import { requireLegal } from '../tables/dynamo/request-rules.ts';
import type { ReadTable, ValidationReads } from '../tables/validation-reads.ts';

/** Whole tables in memory, by item id, and quarantine's entries: item id to reason code. */
export interface Content {
  readonly tables: Readonly<Record<ReadTable, ReadonlyMap<string, Item>>>;
  readonly quarantine: Readonly<Record<Source, ReadonlyMap<string, string>>>;
}

/** Reads of a content that does not change: what the validators prove themselves on. It refuses what DynamoDB would refuse. */
export function memoryReads({ tables, quarantine }: Content): ValidationReads {
  return {
    async scan(table, { segment, totalSegments, limit }) {
      requireLegal({ operation: 'Scan', table, segment, totalSegments, ...(limit !== undefined && { limit }) });
      return { items: [...tables[table].values()].filter((_, at) => at % totalSegments === segment) };
    },
    async readItems(table, ids) {
      const found = idsOfBatches(table, ids).flatMap((id): [string, Item][] => {
        const item = tables[table].get(id);
        return item ? [[id, item]] : [];
      });
      return new Map(found);
    },
    async listIds(table, by, value) {
      const { index, attribute } = LISTED_BY[by];
      if (!isPartitionAsked(table, index, value)) return { items: [] };
      return { items: [...tables[table]].filter(([, item]) => textOf(item, attribute) === value).map(([id]) => id) };
    },
    async listPeople(userId) {
      const { index, attribute } = LISTED_BY.user;
      if (!isPartitionAsked(LOOK_UP_TABLE_OF.person, index, userId)) return [];
      const people = [...tables[LOOK_UP_TABLE_OF.person].values()];
      return people.filter((person) => textOf(person, attribute) === userId);
    },
    async listQuarantine(source) {
      return quarantine[source];
    },
    // What refuses an item is a store, and memory is none.
    async listRefused() {
      return new Map();
    },
    async readQuarantine(source, id) {
      if (keysOfBatches([quarantineKey(source, id)]).length === 0) return undefined;
      return quarantine[source].get(id);
    },
  };
}

/** The content with these items put over those of their ids. */
export function withItems(content: Content, table: ReadTable, items: readonly Item[]): Content {
  const changedTable = new Map(content.tables[table]);
  for (const item of items) changedTable.set(idOf(item), item);
  return { ...content, tables: { ...content.tables, [table]: changedTable } };
}

/** The content without the items of these ids. */
export function withoutItems(content: Content, table: ReadTable, ids: readonly string[]): Content {
  const gone = new Set(ids);
  const kept = new Map([...content.tables[table]].filter(([id]) => !gone.has(id)));
  return { ...content, tables: { ...content.tables, [table]: kept } };
}
