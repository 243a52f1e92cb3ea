import { mapLink, userOfLink } from '../migration/link-mapping.ts';
import { parseLink } from '../migration/old-records.ts';
import type { Item } from '../model/attribute-value.ts';
import type { OldTables } from '../tables/old/old-tables.ts';
import type { LinkBase } from './link-decision.ts';

/** What a link's own content and its look-ups, read now, make of it. */
export async function resolveLink(
  old: Pick<OldTables, 'readKpi' | 'queryPeople'>,
  image: Item,
): Promise<Exclude<LinkBase, { kind: 'gone' }>> {
  const parsed = parseLink(image);
  if (parsed.kind === 'quarantined') return { ...parsed, image };
  const link = parsed.record;
  const userId = userOfLink(link, await old.readKpi(link.kpi.kpiId));
  const result = mapLink(link, userId, await old.queryPeople(userId));
  if (result.kind === 'quarantined') return { ...result, image };
  return { kind: 'valid', kpi: link.kpi, linkedAt: link.linkedAt, row: result.row, image, warnings: result.warnings };
}
