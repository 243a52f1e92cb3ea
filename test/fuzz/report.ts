import type { Failure } from './fuzz.ts';
import type { WorldReport } from './run-world.ts';

/** What many worlds came to. */
export interface Sum extends WorldReport {
  readonly worlds: number;
}

export const NOTHING: Sum = {
  worlds: 0,
  stored: 0,
  refused: 0,
  leftOut: 0,
  rows: 0,
  held: 0,
  quarantined: new Map(),
};

export function plus(sum: Sum, report: WorldReport): Sum {
  const quarantined = new Map(sum.quarantined);
  for (const [reason, count] of report.quarantined) quarantined.set(reason, (quarantined.get(reason) ?? 0) + count);
  return {
    worlds: sum.worlds + 1,
    stored: sum.stored + report.stored,
    refused: sum.refused + report.refused,
    leftOut: sum.leftOut + report.leftOut,
    rows: sum.rows + report.rows,
    held: sum.held + report.held,
    quarantined,
  };
}

export function describeWorld(seed: number, report: WorldReport, sum: Sum): string {
  const quarantined = total(report.quarantined);
  return `seed ${seed}: ${report.stored} items, ${report.rows} rows, ${report.held} held, ${quarantined} quarantined, ${report.refused} refused; ${sum.stored} items so far`;
}

export function describeFailure(seed: number, worldItems: number, failure: Failure, path: string): string[] {
  return [
    `seed ${seed}: ${failure.message}`,
    `  on the path "${failure.path}", after ${failure.shrinks} steps of making it smaller:`,
    ...JSON.stringify({ ...failure.world, pools: undefined }, null, 1)
      .split('\n')
      .slice(0, SKETCH_LINES_MAX)
      .map((line) => `  ${line}`),
    `Again, this world:      npm run fuzz -- --replay ${path}`,
    `Again, from its seed:   npm run fuzz -- --items 1 --seed ${seed} --world-items ${worldItems}`,
  ];
}

const SKETCH_LINES_MAX = 60;

export function describeSum(sum: Sum, failures: number, seconds: number): string[] {
  const reasons = [...sum.quarantined].map(([reason, count]) => `${reason} ${count}`).join(', ');
  const tried = sum.stored + sum.refused + sum.leftOut;
  const perSecond = (sum.stored / Math.max(seconds, 1)).toFixed(1);
  return [
    `${sum.worlds} worlds with ${sum.stored} items in ${Math.round(seconds)} s, ${perSecond} items a second; ${failures} worlds failed.`,
    `${sum.rows} rows, ${sum.held} held, ${total(sum.quarantined)} quarantined (${reasons || 'none'}).`,
    `The engine refused ${sum.refused} of ${tried} writes; ${sum.leftOut} were left out for faults that are known.`,
  ];
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
