import * as z from 'zod';
import { SOURCES } from '../../migration/sources.ts';
import { compareText } from '../../model/instant.ts';
import { distinctKpis } from '../../model/kpi.ts';
import { keyPart } from './control-rows.ts';
import type { ControlTable } from './control-table.ts';

const PARTITION = 'unfinished';

/** What can be left: an item of an old table, a record of whichever table, or the fan-out of a KPI. */
export const UNFINISHED_KINDS = [...SOURCES, 'records', 'kpis'] as const;

const item = z.object({
  kind: z.enum(UNFINISHED_KINDS),
  /** Of the item; of a KPI, its own. */
  id: z.string(),
  /** The KPIs it was seen in. */
  kpis: z.array(z.object({ tenantId: z.string(), kpiId: z.string() })),
  /** Why: the exception's name, or the code of this project's error. */
  code: z.string(),
  at: z.iso.datetime(),
});

/**
 * An item that was passed over so that others need not wait, although neither its rows nor quarantine are as they should be. It is kept until a
 * backfill has dealt with it; until then the gate lets no reads move.
 */
export type UnfinishedItem = z.infer<typeof item>;

/**
 * Notes an item. Noted twice for the same occasion, it is one note; for another occasion it is another, so that whoever has dealt
 * with the item removes only notes that were there before.
 */
export async function noteUnfinished(
  control: Pick<ControlTable, 'put'>,
  unfinished: UnfinishedItem,
  occasion: string,
): Promise<void> {
  const { kind, id } = unfinished;
  await control.put(PARTITION, `${kind}#${keyPart(id)}#${occasion}`, { ...unfinished });
}

/** A note, and the key by which it is removed. */
export interface UnfinishedNote {
  readonly sort: string;
  readonly item: UnfinishedItem;
}

/** All notes, read strongly. */
export async function listUnfinished(control: Pick<ControlTable, 'list'>): Promise<UnfinishedNote[]> {
  return (await control.list(PARTITION)).map(({ sort, value }) => ({ sort, item: item.parse(value) }));
}

export async function removeUnfinished(control: Pick<ControlTable, 'delete'>, note: UnfinishedNote): Promise<void> {
  await control.delete(PARTITION, note.sort);
}

/** The same for two notes only if they are of one item. */
export function unfinishedName({ kind, id, kpis }: UnfinishedItem): string {
  return JSON.stringify(kind === 'kpis' ? [kind, kpis] : [kind, id]);
}

/** Each item once, as last noted, with all KPIs it was seen in. */
export function distinctUnfinished(items: readonly UnfinishedItem[]): UnfinishedItem[] {
  const distinct = new Map<string, UnfinishedItem>();
  for (const item of items.toSorted((left, right) => compareText(left.at, right.at))) {
    const known = distinct.get(unfinishedName(item));
    distinct.set(unfinishedName(item), { ...item, kpis: distinctKpis([...(known?.kpis ?? []), ...item.kpis]) });
  }
  return [...distinct.values()];
}

/** Every item that is unfinished, once, read strongly. */
export async function readUnfinished(control: Pick<ControlTable, 'list'>): Promise<readonly UnfinishedItem[]> {
  return distinctUnfinished((await listUnfinished(control)).map(({ item }) => item));
}
