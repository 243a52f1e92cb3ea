import type { RunSpent } from '../../../functions/tables/control/spent-units.ts';
import type { Steering } from '../../../functions/tables/control/steering.ts';
import type { BackfillReport } from '../../copy/backfill.ts';
import type { SpentReport } from '../../copy/steered-run.ts';
import { boundsOf, inForce } from '../../copy/steering.ts';
import { type NextStep, nextStep } from '../../next-step.ts';
import { costOf, describeMoney } from '../../prices.ts';
import { grouped } from '../../text-table.ts';
import type { PricedSettings } from './describe-backfill.ts';

/** What the control table says that a run has taken, in all processes. Pure. */
export function spentReport(
  settings: PricedSettings,
  steering: Steering,
  { readUnits, writeUnits, stoppedAtBudgetUsd = 0 }: RunSpent,
  runId: string,
): SpentReport {
  const usd = costOf(settings)?.({ readUnits, writeUnits });
  const { budgetUsd } = inForce(steering, boundsOf(settings.backfill), runId).bounds;
  const isBudgetSpent = usd !== undefined && budgetUsd !== undefined && Math.max(usd, stoppedAtBudgetUsd) >= budgetUsd;
  return {
    ...{ readUnits, writeUnits, isBudgetSpent },
    ...(usd !== undefined && { usd }),
    ...(budgetUsd !== undefined && { budgetUsd }),
  };
}

/**
 * What a run has taken so far, in all processes, against what a plan counts for the same rows.
 *
 * @param plannedUnits write units of the rows copied so far, as `plan` counts them.
 */
export function describeSpent(spent: SpentReport, plannedUnits: number, settings: PricedSettings): string[] {
  const { readUnits, writeUnits, budgetUsd, usd = 0 } = spent;
  const used = `${grouped(Math.round(writeUnits))} write units and ${grouped(Math.round(readUnits))} read units`;
  return [
    `Used so far, as DynamoDB's answers told: ${used}: ${describeMoney(writeUnits, settings)}.`,
    `\`plan\` counts about ${grouped(plannedUnits)} write units for these rows${errorOf(writeUnits, plannedUnits)}.`,
    ...(budgetUsd === undefined
      ? []
      : [`Budget: ${shownUsd(usd)} of ${shownUsd(budgetUsd)} USD${whatCounts(settings)}.`]),
  ];
}

function errorOf(usedUnits: number, plannedUnits: number): string {
  if (plannedUnits === 0) return '';
  const percent = Math.round((usedUnits / plannedUnits - 1) * 100);
  return percent === 0
    ? ', as many as were used'
    : `; the run used ${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'}`;
}

function whatCounts({ backfill }: PricedSettings): string {
  return backfill.usdPerMillionReadUnits === undefined
    ? ' for writes. Reads have no price in cdk.json (backfill.usdPerMillionReadUnits) and do not count'
    : ' for writes and reads';
}

/** All digits that an amount below a cent has. */
export function shownUsd(usd: number): string {
  return usd === 0 || usd >= 1 ? usd.toFixed(2) : String(Number(usd.toPrecision(2)));
}

/** `0.93 of 1.00 USD is spent`, where a run stopped for its budget. */
export function describeBudgetSpent({ spent }: Pick<BackfillReport, 'spent'>): string | undefined {
  if (!spent?.isBudgetSpent) return undefined;
  const { usd = 0, budgetUsd = 0 } = spent;
  return `${shownUsd(usd)} of ${shownUsd(budgetUsd)} USD is spent, and the next page may cost more than the rest`;
}

/** The command that goes on with a higher budget, with these words of the one that was stopped. */
export function nextAtBudget(
  environment: string,
  { spent }: Pick<BackfillReport, 'spent'>,
  words: readonly string[],
): NextStep | undefined {
  if (!spent?.isBudgetSpent || spent.budgetUsd === undefined) return undefined;
  return nextStep(environment, [...withHigherBudget(spent.budgetUsd), ...words], 'twice the budget lets it go on');
}

/** Whether a budget is enough for a plan. */
export function describeBudgetOfPlan(
  dataWriteUnits: number,
  budgetUsd: number | undefined,
  settings: PricedSettings,
): string[] {
  const usd = costOf(settings)?.({ readUnits: 0, writeUnits: dataWriteUnits });
  if (budgetUsd === undefined || usd === undefined) return [];
  const budget = `Budget: ${shownUsd(budgetUsd)} USD`;
  return [
    usd < budgetUsd
      ? `${budget} covers the rows of this plan.`
      : `${budget} does not cover the rows of this plan. The run would stop at it, and could be resumed with a higher one.`,
  ];
}

/** The words of that command. */
export function withHigherBudget(budgetUsd: number): string[] {
  return ['backfill', '--execute', '--budget-usd', plain(budgetUsd * 2)];
}

/** Without an exponent, which the command line does not take. */
function plain(usd: number): string {
  return usd.toFixed(12).replace(/\.?0+$/, '');
}
