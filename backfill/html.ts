import { grouped } from './text-table.ts';

/** The style of the pages that commands write. A word is never broken where a line can be. */
export const CSS = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1f24; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .25rem .7rem; border-bottom: 1px solid #d8dee4; text-align: right; vertical-align: top }
th { white-space: nowrap } th:first-child, td:first-child, .text td, .text th { text-align: left } td { overflow-wrap: break-word; max-width: 28rem }
.verdict { padding: .6rem 1rem; color: #fff; border-radius: .4rem } .agree { background: #116329; fill: #116329 }
.disagree { background: #a40e26; fill: #a40e26 } .inconclusive { background: #7d4e00; fill: #7d4e00 } svg { background: #f6f8fa }
`;

export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[], style = ''): string {
  if (rows.length === 0) return '';
  const cellsOf = (cells: readonly (string | number)[]): string =>
    cells.map((cell) => `<td>${escaped(typeof cell === 'number' ? grouped(cell) : cell)}</td>`).join('');
  const head = header.map((title) => `<th scope="col">${escaped(title)}</th>`).join('');
  const body = rows.map((row) => `<tr>${cellsOf(row)}</tr>`).join('\n');
  return `<table class="${style}"><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table>`;
}

export function list(sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : `<ul>${sentences.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>`;
}

/** Values come from anyone's data. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A bar of a chart. */
export interface Bar {
  readonly value: number;
  /** A class of the style. */
  readonly kind: string;
  readonly title: string;
}

const BAR_WIDTH = 24;
const CHART_HEIGHT = 120;

/** Bars side by side, each with its title. */
export function chart(label: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const drawn = bars.map(({ value, kind, title }, at) => {
    const height = Math.max(2, Math.round((value / most) * (CHART_HEIGHT - 10)));
    return `<rect class="${kind}" x="${at * BAR_WIDTH + 4}" y="${CHART_HEIGHT - height}" width="${BAR_WIDTH - 8}" height="${height}"><title>${escaped(title)}</title></rect>`;
  });
  const width = Math.max(bars.length, 1) * BAR_WIDTH;
  return `<svg width="${width}" height="${CHART_HEIGHT}" role="img" aria-label="${escaped(label)}">${drawn.join('')}</svg><p>At most ${grouped(most)}.</p>`;
}
