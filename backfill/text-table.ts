import { printable } from '../functions/model/printable.ts';

/**
 * Lines up cells in columns: the first to the left, the others, which are figures, to the right.
 *
 * @param isText whether all of them are texts, to be lined up to the left.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  isText = false,
): string[] {
  const cells = [
    header,
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : printable(cell)))),
  ];
  const widths = header.map((_, column) => cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0));
  return cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** A figure with its thousands apart. */
export function grouped(figure: number): string {
  return figure.toLocaleString('en-US');
}

/** `name 3, other 1`, or `none`. */
export function describeCounts(counts: Iterable<readonly [name: string, count: number]>): string {
  const parts = [...counts].map(([name, count]) => `${printable(name)} ${grouped(count)}`);
  return parts.length > 0 ? parts.join(', ') : 'none';
}
