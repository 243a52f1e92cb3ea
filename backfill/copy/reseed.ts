import { demandOfLink } from '../../functions/migration/demand.ts';
import { answerLater, askedOnce } from '../../functions/migration/look-ups.ts';
import { CLASS_OF, classOfRow, linkIdOf } from '../../functions/migration/rows.ts';
import { kpiKeyOf, type RecordSource, type Source } from '../../functions/migration/sources.ts';
import { NEW_DATA, NEW_LINKS } from '../../functions/migration/tables.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { sameItem } from '../../functions/model/compare.ts';
import { distinctKpis, type KpiKey, NO_KPI } from '../../functions/model/kpi.ts';
import type { LinkChange } from '../../functions/sync/replicate-links.ts';
import type { RecordChange } from '../../functions/sync/replicate-record.ts';
import type { UnfinishedItem } from '../../functions/tables/control/unfinished-items.ts';
import { attemptLater } from '../../functions/tables/dynamo/attempt.ts';
import type { Progress } from '../progress.ts';
import { anchorsOf } from './anchors.ts';
import type { Copier } from './copier.ts';
import { bringLinksWhole, bringRecords } from './persevere.ts';
import { recordsThatDiffer } from './records-that-differ.ts';
import { scanPages } from './scan-pages.ts';

export interface ReseedOptions {
  readonly copier: Pick<Copier, 'replication' | 'data' | 'pause'>;
  readonly source: Source;
  /** Whether what differs is brought; else it is only counted. */
  readonly execute: boolean;
  /** The ids that quarantine has entries for, of this source. */
  readonly quarantined: () => AsyncIterable<{ readonly id: string }>;
  readonly segments: number;
  readonly stop: AbortSignal;
  readonly progress: Progress;
  readonly itemCountEstimate: number | undefined;
}

export interface ReseedReport {
  readonly source: Source;
  readonly state: 'finished' | 'stopped' | 'unfinished';
  /** Old items compared, and rows of the new table that were looked at for items that are gone. */
  readonly items: number;
  readonly rows: number;
  /** Items whose rows or quarantine entry differed, or that only the protocol can tell. */
  readonly differing: number;
  readonly unfinished: readonly UnfinishedItem[];
}

/** An item of the source that may have to be brought. */
type Change = RecordChange & LinkChange;

/**
 * Brings one old table's items to the new tables again, where changes of it never came by its stream: those that are
 * there, those that are gone, and those that quarantine names. It compares first, and what is as demanded is not
 * written. It can be stopped and run again at any time; what is right by then is passed over.
 *
 * Rows of a gone record are found by the one that bears the record's id, which is under the KPI's anchor; the protocol
 * takes the others with it.
 *
 * For tables into which no copier puts rows, and beside a stream that replicates again (records-that-differ.ts).
 *
 * @throws what is of the whole; what was brought by then stays.
 */
export async function reseed(options: ReseedOptions): Promise<ReseedReport> {
  const { copier, source, segments, stop, progress } = options;
  const counts = { items: 0, rows: 0, differing: 0 };
  const unfinished: UnfinishedItem[] = [];
  const bring = async (changes: readonly Change[], isInQuarantine: boolean): Promise<void> => {
    const due = isInQuarantine ? changes : await differing(copier, source, changes);
    counts.differing += due.length;
    if (!options.execute || due.length === 0) return;
    unfinished.push(
      ...(source === 'links' ? await bringLinksWhole(copier, due) : (await bringRecords(copier, due)).unfinished),
    );
  };
  const table = source === 'links' ? NEW_LINKS : NEW_DATA;
  // Rows first: an item that moved to another KPI has rows that only its row there still leads to.
  const stages: readonly Stage[] = [
    [
      table,
      undefined,
      async (look) => {
        const changesOf =
          source === 'links' ? changeOfLinkRow : changeOfDataRow(source, await anchorsOf(copier.replication, segments));
        await scanPages(
          (position) => copier.data.scan(table, position),
          segments,
          (rows) => {
            counts.rows += rows.length;
            return look(rows.flatMap(changesOf), rows.length);
          },
        );
      },
    ],
    [
      source,
      options.itemCountEstimate,
      (look) =>
        scanPages(
          (position) => copier.replication.old.scan(source, position),
          segments,
          (items) => {
            counts.items += items.length;
            return look(
              items.map((item) => changeOf(source, idOf(item), [kpiKeyOf(item)])),
              items.length,
            );
          },
        ),
    ],
    [
      'quarantine',
      undefined,
      async (look) => {
        for await (const { id } of options.quarantined()) await look([changeOf(source, id, [NO_KPI])], 1);
      },
    ],
  ];
  for (const [name, total, walk] of stages) {
    progress.begin(name, 0, total);
    try {
      await walk(async (changes, seen) => {
        if (stop.aborted) return;
        await bring(changes, name === 'quarantine');
        progress.advance(seen);
      });
    } finally {
      progress.end();
    }
  }
  const state = stop.aborted ? 'stopped' : unfinished.length > 0 ? 'unfinished' : 'finished';
  return { source, state, ...counts, unfinished };
}

type Look = (changes: readonly Change[], seen: number) => Promise<void>;
type Stage = readonly [name: string, total: number | undefined, walk: (look: Look) => Promise<void>];

function changeOf(source: Source, id: string, kpis: readonly KpiKey[]): Change {
  return { id, kpis: distinctKpis(kpis), sources: source === 'links' ? [] : [source] };
}

function changeOfLinkRow(row: Item): Change[] {
  return [changeOf('links', idOf(row), [kpiKeyOf(row)])];
}

/** Of a record's rows the one under the anchor bears the record's id. Which table the record was in, the class of the row tells roughly. */
function changeOfDataRow(source: RecordSource, anchors: ReadonlyMap<string, KpiKey>) {
  return (row: Item): Change[] => {
    const kpi = anchors.get(linkIdOf(row) ?? '');
    return kpi && classOfRow(row) === CLASS_OF[source] ? [changeOf(source, idOf(row), [kpi])] : [];
  };
}

async function differing(
  copier: ReseedOptions['copier'],
  source: Source,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const due = source === 'links' ? await linksThatDiffer(copier, changes) : await recordsThatDiffer(copier, changes);
  const ids = new Set(due.map(({ id }) => id));
  return changes.filter(({ id }) => ids.has(id));
}

/** Which links have another row than they demand. A link for quarantine only the protocol can tell. */
async function linksThatDiffer(
  { replication, data }: ReseedOptions['copier'],
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const ids = changes.map(({ id }) => id);
  const read = await attemptLater(() => Promise.all([replication.old.readLinks(ids), data.readRows(NEW_LINKS, ids)]));
  if ('error' in read) return changes;
  const [links, rows] = read.value;
  const lookUps = askedOnce(replication.old);
  const right = await Promise.all(
    changes.map(async ({ id }) => {
      const demand = await attemptLater(() => answerLater(demandOfLink(links.get(id)), lookUps));
      if ('error' in demand || demand.value.kind === 'quarantined') return false;
      return sameItem(demand.value.kind === 'valid' ? demand.value.row : undefined, rows.get(id));
    }),
  );
  return changes.filter((_, at) => !right[at]);
}
