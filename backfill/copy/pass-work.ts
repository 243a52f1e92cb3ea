import type { RecordSource } from '../../functions/migration/sources.ts';
import { KpiTurns } from '../../functions/sync/kpi-turns.ts';
import type { Copier } from './copier.ts';
import { copyLinks } from './copy-links.ts';
import { copyRecords } from './copy-records.ts';
import type { Pass } from './run-state.ts';
import type { PagedWork } from './segments.ts';
import { sweepKpis, sweepRecords } from './sweep.ts';
import { UntouchedKpis } from './untouched-kpis.ts';

/** Pages of a segment in hand at once in a first run, so that batches are full and nobody waits for a page's end. */
const PAGES_AT_ONCE = 3;

/** Runs the work of a pass, whatever it pages through. */
type RunWork<Result> = <T>(work: PagedWork<T>) => Promise<Result>;

/**
 * What each pass does, page by page. One process runs it on all segments at once; one of many runs it on one.
 *
 * @param isAfterRecords whether records may have been copied before these links, which then ask for the sweep.
 * @param isAlone whether this process began the pass, and works on all of it.
 */
export function workOnPass<Result>(
  pass: Pass,
  copier: Copier,
  { isAfterRecords, isAlone }: { readonly isAfterRecords: boolean; readonly isAlone: boolean },
  run: RunWork<Result>,
): Promise<Result> {
  const { old, control } = copier.replication;
  switch (pass) {
    case 'links': {
      const turns = new KpiTurns();
      const { first, replication } = copier;
      const untouched = first && new UntouchedKpis({ replication, lookUps: () => first.lookUps(), turns, isAlone });
      const shared = { isAfterRecords, turns, untouched, twinKeys: isAlone ? new Set<string>() : undefined };
      return run({
        pass,
        scan: (position) => old.scan(pass, position),
        work: (items) => copyLinks(copier, items, shared),
        ...(first && { pagesAtOnce: PAGES_AT_ONCE }),
      });
    }
    case 'sweep-records':
      return run({
        pass,
        scan: (position) => control.scanTouchedRecords(position),
        work: (items) => sweepRecords(copier, items),
      });
    case 'sweep-kpis':
      return run({ pass, scan: (position) => control.scanKpis(position), work: (items) => sweepKpis(copier, items) });
    default:
      return run(recordCopy(pass, copier));
  }
}

function recordCopy(source: RecordSource, copier: Copier) {
  return {
    pass: source,
    scan: (position: Parameters<Copier['replication']['old']['scan']>[1]) =>
      copier.replication.old.scan(source, position),
    work: (items: Parameters<typeof copyRecords>[2]) => copyRecords(copier, source, items),
    ...(copier.first && { pagesAtOnce: PAGES_AT_ONCE }),
  };
}
