import { expectedRows } from '../../functions/migration/expected.ts';
import { GOLDEN_CONTENT } from '../../functions/migration/golden-content.ts';
import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { TABLES } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';

/**
 * Words of the definition that are terms of the protocol, or that anybody uses. `links` is the source of links in any migration, and `kpis` are the groups of links and
 * records that share a token (README.md, glossary); `control` is a table of our own.
 */
const OF_ANY_MIGRATION = new Set([
  'id',
  'value',
  'note',
  'label',
  'links',
  'kpis',
  'Kpi',
  'Person',
  'control',
  'kpiId',
  'tenantId',
  'linkedAt',
]);

const ROWS: readonly Item[] = (['hold', 'personal-link'] as const).flatMap((heldRecords) => {
  const { kpiLinks, kpiData } = expectedRows(GOLDEN_CONTENT, heldRecords);
  return [...kpiLinks.values(), ...kpiData.values()];
});

/** The attributes by whose fixed values rows are told apart. */
const CATEGORIES = ['data_category', 'target_subtype', 'actual_subtype'];

/**
 * What only this migration knows: attributes of old and new items, tables, indexes, sources and categories. Taken from the definition itself: the golden content bears every
 * attribute.
 */
export const VOCABULARY: readonly string[] = [
  ...new Set([
    ...[...Object.values(GOLDEN_CONTENT).flat(), ...ROWS].flatMap((item) => Object.keys(item)),
    ...Object.values(TABLES)
      .flatMap(({ key, indexes }) => [...key, ...Object.values(indexes).flat()])
      .filter((n) => n !== 'pk' && n !== 'sk'),
    ...Object.keys(TABLES),
    ...Object.values(TABLES).flatMap(({ title, defaultName, indexes }) => [
      title,
      defaultName,
      ...Object.keys(indexes),
    ]),
    ...RECORD_SOURCES,
    ...ROWS.flatMap((row) => CATEGORIES.map((name) => textOf(row, name) ?? 'id')),
  ]),
]
  .flatMap((word) => [word, camel(word)])
  .filter((word, at, all) => !OF_ANY_MIGRATION.has(word) && all.indexOf(word) === at);

function camel(word: string): string {
  return word.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A word of several parts stands for nothing else; a single one counts where it is a value, a property or a key. */
const PATTERN = new RegExp(
  VOCABULARY.map((word) =>
    /[-_]|[a-z][A-Z]/.test(word)
      ? `(?<![\\w-])${word}(?![\\w-])`
      : `'${word}'|\\.${word}\\b|(?<![\\w.-])${word}(?=\\??:)`,
  ).join('|'),
  'g',
);

export function wordsOf(text: string): string[] {
  return [...text.matchAll(PATTERN)].map(([w]) => w);
}
