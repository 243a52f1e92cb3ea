import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import type { LinkReference } from '../model/kpi.ts';
import type { RecordSource, Source } from './sources.ts';
import type { NewTable } from './tables.ts';

/** The id of the link that a data row is under; undefined where the row names none. */
export function linkIdOf(row: Item | undefined): string | undefined {
  return textOf(row, 'kpi_link_id');
}

/** Whether indexes hold a data row: all of them are sorted by its date, and leave out a row without one. */
export function isInIndexes(row: Item | undefined): boolean {
  return textOf(row, 'post_date') !== undefined;
}

/** The data row as no index holds it. */
export function outOfIndexes({ post_date: _, ...row }: Item): Item {
  return row;
}

/** An attribute of each new table whose value says what the row is about. */
export const VALUE_ATTRIBUTE_OF = { kpiLinks: 'goal_id', kpiData: 'post_value' } as const satisfies Readonly<
  Record<NewTable, string>
>;

/** The attribute of an old record from which its rows have that value. */
export const OLD_VALUE_ATTRIBUTE_OF = {
  milestones: 'target_value',
  actuals: 'actual_value',
  readings: 'value',
} as const satisfies Readonly<Record<RecordSource, string>>;

/** An old link, or a link's row, as the anchor rule sees it. */
export function linkReferenceOf(link: Item): LinkReference {
  return { id: idOf(link), linkedAt: textOf(link, 'linked_at') ?? '' };
}

/** The keys by which a data row lies under a link. */
export function keysUnderLink(row: Item, linkId: string): Item {
  const targetSubtype = textOf(row, 'target_subtype');
  return {
    kpi_link_id: { S: linkId },
    kpi_link_category_key: { S: `${linkId}#${textOf(row, 'data_category')}` },
    ...(targetSubtype !== undefined && { target_key: { S: `${linkId}#${targetSubtype}` } }),
  };
}

/** What rows are counted by: links, and data as targets and as actuals, which two old tables share. */
export const ROW_CLASSES = ['links', 'targets', 'actuals'] as const;
export type RowClass = (typeof ROW_CLASSES)[number];

export const CLASS_OF: Readonly<Record<Source, RowClass>> = {
  links: 'links',
  milestones: 'targets',
  actuals: 'actuals',
  readings: 'actuals',
};

/** The class of a data row by what it says of itself. */
export function classOfRow(row: Item): RowClass {
  return textOf(row, 'data_category') === 'Target' ? 'targets' : 'actuals';
}

/** What reports call the rows of a class, and the old items that demand them. */
export const CLASS_TITLE: Readonly<Record<RowClass, { readonly rows: string; readonly items: string }>> = {
  links: { rows: 'KpiLink', items: 'GoalKpiLink' },
  targets: { rows: 'KpiData targets', items: 'Milestone' },
  actuals: { rows: 'KpiData actuals', items: 'Actual' },
};

/** The date that a row is of: of a link's row, when it was linked. */
export function dateOfRow(row: Item | undefined): string | undefined {
  return textOf(row, 'post_date') ?? textOf(row, 'linked_at');
}
