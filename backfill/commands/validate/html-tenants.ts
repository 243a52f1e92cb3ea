import { type ReportLine, sumOf } from '../../../functions/validation/report.ts';
import { escaped } from '../../html.ts';
import { grouped } from '../../text-table.ts';

/** The figures of a tenant, by which the table can be sorted. */
const FIGURES = {
  expected: 'expected',
  found: 'found',
  missing: 'missing',
  extra: 'extra',
  different: 'different',
  inFlight: 'in flight',
  held: 'held',
  quarantined: 'quarantined',
  warnings: 'warnings',
} as const;

const NAMES = Object.keys(FIGURES) as (keyof typeof FIGURES)[];

/**
 * The table is sorted by the style alone: each row has its figures as custom properties, and the figure that is chosen
 * above gives the rows their order. So the page needs no script, and a mail reader or a wiki can show it.
 */
export const TENANTS_CSS = `
.tenants input { margin: 0 .2rem 0 .8rem } .tenants .rows { display: flex; flex-direction: column }
.tenants [role=row] { display: grid; grid-template-columns: minmax(10rem, 3fr) repeat(${NAMES.length}, 1fr); border-bottom: 1px solid #d8dee4 }
.tenants [role=row] > * { padding: .15rem .5rem; text-align: right; overflow-wrap: anywhere } .tenants [role=row] > :first-child { text-align: left }
.tenants .head { order: -2147483647; font-weight: 600 }
${NAMES.map((name) => `.tenants:has(#by-${name}:checked) .rows > .tenant { order: calc(-1 * var(--${name})) }`).join('\n')}
`;

/** Every tenant on one line, over both tables, those that differ first. */
export function tenantsTable(lines: readonly ReportLine[]): string {
  const byTenant = Map.groupBy(lines, ({ tenantId }) => tenantId);
  const tenants = [...byTenant].map(([tenantId, own]) => ({ tenantId, sum: sumOf(own) }));
  const wrong = ({ sum }: (typeof tenants)[number]): number => sum.missing + sum.extra + sum.different;
  tenants.sort((left, right) => wrong(right) - wrong(left) || (left.tenantId < right.tenantId ? -1 : 1));
  const choices = NAMES.map(
    (name) => `<label><input type="radio" name="by" id="by-${name}">${FIGURES[name]}</label>`,
  ).join('');
  const head = ['tenant', ...Object.values(FIGURES)]
    .map((title) => `<span role="columnheader">${title}</span>`)
    .join('');
  const rows = tenants.map(({ tenantId, sum }) => {
    const order = NAMES.map((name) => `--${name}:${sum[name]}`).join(';');
    const cells = [escaped(tenantId), ...NAMES.map((name) => grouped(sum[name]))];
    return `<div role="row" class="tenant" style="${order}">${cells.map((cell) => `<span role="cell">${cell}</span>`).join('')}</div>`;
  });
  return `<div class="tenants"><p>Sort by: <label><input type="radio" name="by" checked>what differs</label>${choices}</p>
<div class="rows" role="table" aria-label="Tenants"><div role="row" class="head">${head}</div>
${rows.join('\n')}</div></div>`;
}
