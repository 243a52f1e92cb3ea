import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { demandOfLink, type RecordItems, recordIn } from '../../functions/model/demand.ts';
import { answer } from '../../functions/model/look-ups.ts';
import { kpiIdentity, kpiKeyOf, type RecordSource, type Source } from '../../functions/model/sources.ts';
import type { RowTable, Store } from './store.ts';
import type { World } from './world.ts';

/** What an id of the old tables was, from one write of it to the next; undefined where nothing of it could be migrated. */
interface Timeline {
  readonly name: string;
  /** Where it was and what it said, after none of its writes, after one, and so on. */
  readonly states: (State | undefined)[];
  /** The earliest state that its rows, as they have been since reads may get them, can be of. */
  shown: number;
}

interface State {
  readonly kpi: string;
  readonly content: string;
}

/**
 * Watches that no row goes back in time once reads may get the new tables: what a row shows of a record or a link is never older than
 * what any row has shown of it before.
 *
 * A row that is taken away shows that its record or link was gone, or elsewhere. For a record that can be told only where no link is
 * written and none of a KPI's personal link comes and goes, since a row also goes with its link.
 */
export class RowHistory {
  readonly violations: string[] = [];
  readonly #store: Store;
  readonly #world: World;
  readonly #linksStay: boolean;
  readonly #timelines = new Map<string, Timeline>();
  /** Of records, by what they ever said. */
  readonly #byContent = new Map<string, Timeline>();
  readonly #records = new Map<string, Partial<Record<RecordSource, Item>>>();
  #readable = false;

  constructor(store: Store, world: World) {
    this.#store = store;
    this.#world = world;
    this.#linksStay = world.heldRecords === 'hold' && world.live.every(({ source }) => source !== 'links');
  }

  /** Notes a write of the service. */
  note(source: Source, id: string, item: Item | undefined): void {
    const timeline = this.#timelineOf(source === 'links' ? 'link' : 'record', id);
    const state = source === 'links' ? this.#linkState(item) : this.#recordState(source, id, item);
    timeline.states.push(state);
    if (source !== 'links' && state) this.#byContent.set(state.content, timeline);
  }

  /** Looks at a row that is put, or, without `row`, taken away. To be called before it is so. */
  see(table: RowTable, row: Item | undefined, before: Item | undefined): void {
    if (!this.#isReadable()) return;
    const shown = row ?? before;
    if (shown === undefined) return;
    if (row === undefined && table === 'kpiData' && !this.#linksStay) return;
    const content = contentOf(table, shown);
    const timeline = this.#timelineOfRow(table, shown);
    if (timeline === undefined) return;
    this.#store.tracker?.writes(`seen of ${timeline.name}`);
    const kpi = this.#kpiOf(table, shown);
    const isOf = (state: State | undefined): boolean =>
      row === undefined ? state === undefined || state.kpi !== kpi : state?.content === content;
    const at = timeline.states.findIndex((state, index) => index >= timeline.shown && isOf(state));
    if (at >= 0) timeline.shown = at;
    else this.violations.push(`${row ? 'a row went back to' : 'a row went away, back from'} ${JSON.stringify(shown)}`);
  }

  /** From the first of the migration's writes where nothing was to be copied, else from the end of the first backfill. */
  #isReadable(): boolean {
    if (this.#readable) return true;
    const run = this.#store.document('backfill\nrun');
    if (this.#world.backfill && run?.finishedAt === undefined) return false;
    this.#readable = true;
    for (const table of ['kpiData', 'kpiLinks'] as const) {
      for (const row of this.#store.own[table].values()) this.#begin(table, row);
    }
    return true;
  }

  /** Of a record that has moved, rows of the KPI before may still stand beside those of the next: what counts is the latest. */
  #begin(table: RowTable, row: Item): void {
    const content = contentOf(table, row);
    const timeline = this.#timelineOfRow(table, row);
    const at = timeline?.states.findIndex((state) => state?.content === content) ?? -1;
    if (timeline) timeline.shown = Math.max(timeline.shown, at);
  }

  #timelineOf(kind: 'link' | 'record', id: string): Timeline {
    const key = `${kind} ${id}`;
    const timeline = this.#timelines.get(key) ?? { name: key, states: [undefined], shown: 0 };
    this.#timelines.set(key, timeline);
    return timeline;
  }

  /** A KPI's personal link is of no write. */
  #timelineOfRow(table: RowTable, row: Item): Timeline | undefined {
    if (table === 'kpiLinks') return this.#timelines.get(`link ${textOf(row, 'id')}`);
    return this.#byContent.get(contentOf(table, row));
  }

  /** A link's row goes only with the link; a record's is in the KPI of its link, which stays. */
  #kpiOf(table: RowTable, row: Item): string | undefined {
    if (table === 'kpiLinks') return undefined;
    const link = this.#store.old.links.get(textOf(row, 'kpi_link_id') ?? '');
    return link && kpiIdentity(kpiKeyOf(link));
  }

  #linkState(item: Item | undefined): State | undefined {
    const { kpis, people } = this.#world;
    const link = answer(demandOfLink(item), {
      readKpi: (kpiId) => kpis.find((each) => textOf(each, 'id') === kpiId),
      queryPeople: (userId) => people.filter((person) => textOf(person, 'linked_user_id') === userId),
    });
    if (link.kind !== 'valid') return undefined;
    return { kpi: kpiIdentity(link.kpi), content: contentOf('kpiLinks', link.row) };
  }

  #recordState(source: RecordSource, id: string, item: Item | undefined): State | undefined {
    const { [source]: _, ...others } = this.#records.get(id) ?? {};
    const items: RecordItems = { ...others, ...(item && { [source]: item }) };
    this.#records.set(id, items);
    const record = recordIn(items);
    if (record === undefined) return undefined;
    const { target_value: target, actual_value: actual, value } = record.item;
    return { kpi: kpiIdentity(record.kpi), content: JSON.stringify(target ?? actual ?? value) };
  }
}

/** Each write of the service has a value of its own, so that a row tells which one it is of. */
function contentOf(table: RowTable, row: Item): string {
  return JSON.stringify(table === 'kpiLinks' ? row : row.post_value);
}
