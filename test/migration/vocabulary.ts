import { expectedRows } from '../../functions/migration/expected.ts';
import { GOLDEN_CONTENT } from '../../functions/migration/golden-content.ts';
import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { TABLES } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { HELD_RECORDS } from '../../functions/model/kpi.ts';

/** Words of the definition that say nothing of it elsewhere. */
const COMMON: ReadonlySet<string> = new Set([
  // Terms of the protocol, whatever is migrated: links and records, grouped by KPI and tenant, and a control table (functions/model/README.md).
  ...['links', 'kpis', 'kpiId', 'tenantId', 'linkedAt', 'control', 'kpi-migration-control', 'pk', 'sk'],
  // Words that anybody uses: of a backup, of a deployment, of a value.
  ...['createdAt', 'strategyId', 'id', 'value', 'note', 'label', 'Kpi', 'Person'],
]);

/** The attributes whose fixed values say what kind of row it is. */
const KIND_ATTRIBUTES = ['data_category', 'target_subtype', 'actual_subtype'];

const newRows: readonly Item[] = HELD_RECORDS.flatMap((heldRecords) => {
  const { kpiLinks, kpiData } = expectedRows(GOLDEN_CONTENT, heldRecords);
  return [...kpiLinks.values(), ...kpiData.values()];
});

/**
 * What only this migration knows: roles, titles, default names, keys and indexes of its tables, its sources, attributes of old and new items, kinds of rows. Read from the
 * definition itself, whose golden content bears every attribute, so another definition makes another vocabulary.
 */
export const VOCABULARY: ReadonlySet<string> = new Set(
  [
    ...Object.entries(TABLES).flatMap(([role, { title, defaultName }]) => [role, title, defaultName]),
    ...Object.values(TABLES).flatMap(({ indexes }) => [...Object.keys(indexes), ...Object.values(indexes).flat()]),
    ...RECORD_SOURCES,
    ...[...Object.values(GOLDEN_CONTENT).flat(), ...newRows].flatMap((item) => Object.keys(item)),
    ...newRows.flatMap((row) => KIND_ATTRIBUTES.flatMap((name) => textOf(row, name) ?? [])),
  ]
    .flatMap((word) => [word, inCamelCase(word)])
    .filter((word) => !COMMON.has(word)),
);

function inCamelCase(word: string): string {
  return word.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A word of several parts stands for nothing else. A single one counts as a text, a property or a key. */
function patternOf(word: string): string {
  const isCompound = /[-_]|[a-z][A-Z]/.test(word);
  return isCompound
    ? `(?<![\\w-])${word}(?![\\w-])`
    : `'${word}'|(?<!\\.\\.)\\.${word}\\b|(?<![\\w.-])${word}(?=\\??:)`;
}

const PATTERN = new RegExp([...VOCABULARY].map(patternOf).join('|'), 'g');

/** The words of this migration that a source text holds, its comments included. */
export function vocabularyIn(text: string): string[] {
  return [...new Set([...text.matchAll(PATTERN)].map(([found]) => found))];
}
