import { askedOnce, LookUpsInMemory, type LookUpsLater } from '../../functions/migration/look-ups.ts';
import { LOOK_UP_TABLE_OF, type LookUp } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { OldTables, ScanPosition } from '../../functions/tables/old/old-tables.ts';
import { scanPages } from './scan-pages.ts';

/** Items of both look-up tables that are kept in memory at most: some 300 bytes each. Of larger tables each item is asked for. */
const ITEMS_MAX = 200_000;

type LookUpTables = Pick<OldTables, 'scanLookUps' | 'readKpi' | 'queryPeople'>;

/**
 * The look-ups of a copy of all links. One scan of both tables costs far less than a read of a KPI and a query of people a link. What changes
 * after the scan is not seen, as a change after the link was copied would not be: look-up tables have no events.
 *
 * @param itemsMax items to keep; where there are more, each question goes to the tables.
 */
export async function loadLookUps(
  old: LookUpTables,
  totalSegments: number,
  itemsMax = ITEMS_MAX,
): Promise<LookUpsLater> {
  const lookUps = new LookUpsInMemory();
  const add = {
    kpi: (items: readonly Item[]) => lookUps.addKpis(items),
    person: (items: readonly Item[]) => lookUps.addPeople(items),
  } satisfies Record<LookUp, unknown>;
  let count = 0;
  for (const lookUp of Object.keys(LOOK_UP_TABLE_OF) as LookUp[]) {
    const scan = (position: ScanPosition) => old.scanLookUps(lookUp, position);
    await scanPages(scan, totalSegments, (items) => {
      count += items.length;
      if (count <= itemsMax) add[lookUp](items);
      return count <= itemsMax;
    });
    if (count > itemsMax) return askedOnce(old);
  }
  return lookUps;
}
