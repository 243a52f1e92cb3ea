import { type BackfillBench, type BackfillBenchOptions, benchBackfill, rateOf } from './backfill.ts';

/** What the memory of larger sizes is compared with. */
const MEMORY_OF_ITEMS = 100_000;
const UNKNOWN = '';

/** The same run for several sizes, one after the other and each on an engine of its own, and a table of all. */
export async function benchSizes(
  sizes: readonly number[],
  options: Omit<BackfillBenchOptions, 'items' | 'exportDirectory'>,
): Promise<void> {
  const runs: BackfillBench[] = [];
  for (const items of sizes) runs.push(await benchBackfill({ ...options, items }));
  process.stdout.write(`\n${[...table(runs), '', memoryGrowth(runs)].join('\n')}\n`);
}

/** In Markdown, for README.md. Pure. */
function table(runs: readonly BackfillBench[]): string[] {
  const header = ['items', 'rows', 'bare copy, rows/s', 'backfill, rows/s', 'over bare copy', "over the seed's loop"];
  const more = ['read units over one scan', "write units over the bare copy's", 'backfill, peak MB', 'engine, peak MB'];
  const rows = runs.map(({ items, scanUnits, means: { bare, product, seed }, engineMegabytes }) => [
    items.toLocaleString('en-US'),
    (product ?? bare)?.rows.toLocaleString('en-US') ?? UNKNOWN,
    bare ? rateOf(bare).toFixed(0) : UNKNOWN,
    product ? rateOf(product).toFixed(0) : UNKNOWN,
    bare && product ? (rateOf(product) / rateOf(bare)).toFixed(2) : UNKNOWN,
    seed && product ? (rateOf(product) / rateOf(seed)).toFixed(1) : UNKNOWN,
    product ? (product.readUnits / scanUnits).toFixed(2) : UNKNOWN,
    bare && product ? (product.writeUnits / bare.writeUnits).toFixed(3) : UNKNOWN,
    product?.peakMegabytes.toFixed(0) ?? UNKNOWN,
    engineMegabytes?.toFixed(0) ?? UNKNOWN,
  ]);
  const columns = [...header, ...more];
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** How the product's memory grows from about a hundred thousand items to the largest size. Pure. */
function memoryGrowth(runs: readonly BackfillBench[]): string {
  const bySize = runs.filter(({ means }) => means.product).toSorted((left, right) => left.items - right.items);
  const largest = bySize.pop();
  const [base] = bySize.toSorted((left, right) => fromBase(left) - fromBase(right));
  if (!base?.means.product || !largest?.means.product) {
    return 'Two sizes are needed to tell how the memory of the backfill grows.';
  }
  const growth = largest.means.product.peakMegabytes / base.means.product.peakMegabytes;
  return `Peak memory of the backfill at ${largest.items} items over that at ${base.items}: ${growth.toFixed(2)} (goal 1.20 from 100,000 to 1,000,000)`;
}

/** By how many times a size is off. */
function fromBase({ items }: BackfillBench): number {
  return Math.abs(Math.log(items / MEMORY_OF_ITEMS));
}
