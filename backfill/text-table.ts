import { printable } from '../functions/model/printable.ts';

type Cell = string | number;

/**
 * Lines up cells in columns: the first to the left, the others, which are figures, to the right. Where they do not fit into the
 * terminal, each row is a block of lines, since a terminal would break them in the middle of a word.
 *
 * @param isText whether all of them are texts, to be lined up to the left.
 * @param columns of the terminal; undefined where there is none.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  isText = false,
  columns = terminalColumns(),
): string[] {
  const cells = [header, ...rows.map((row) => row.map(shown))];
  const widths = header.map((_, column) => cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0));
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const fits = columns === undefined || lines.every((line) => line.length <= columns);
  return fits ? lines : rows.flatMap((row) => block(header, row.map(shown)));
}

function shown(cell: Cell): string {
  return typeof cell === 'number' ? grouped(cell) : printable(cell);
}

/** The row's first cell, and the others below it, each after its heading. */
function block(header: readonly string[], [first = '', ...others]: readonly string[]): string[] {
  const named = others.map((cell, at) => ({ cell, heading: header[at + 1] ?? '' }));
  const lines = named.filter(({ cell }) => cell !== '');
  return [first, ...lines.map(({ cell, heading }) => `  ${heading === '' ? '' : `${heading}: `}${cell}`)];
}

function terminalColumns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
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
