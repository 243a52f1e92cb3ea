import { describe, expect, test } from 'vitest';
import {
  describeBudgetOfPlan,
  describeSpent,
  nextAtBudget,
  withHigherBudget,
} from '../../../backfill/commands/backfill/describe-spent.ts';
import { costOf, requirePrice } from '../../../backfill/prices.ts';
import { backfillSettings } from '../../../infra/backfill-settings.ts';

const settingsWith = (backfill: object, region = 'us-east-1') => ({
  region,
  backfill: backfillSettings.parse(backfill),
});
const units = { readUnits: 2_000_000, writeUnits: 4_000_000 };

describe('what units cost', () => {
  test.each([
    ['writes alone, where reads have no price', settingsWith({}), 2.5],
    ['both, where reads have one', settingsWith({ usdPerMillionReadUnits: 0.125 }), 2.75],
    ['the price of the settings', settingsWith({ usdPerMillionWriteUnits: 1 }, 'eu-north-1'), 4],
    ['nothing that is known elsewhere', settingsWith({}, 'eu-north-1'), undefined],
  ])('%s', (_name, settings, usd) => {
    expect(costOf(settings)?.(units)).toBe(usd);
  });

  test('a budget without a price is refused, with the setting that helps', () => {
    expect(() => requirePrice(settingsWith({}, 'eu-north-1'), 5)).toThrow(
      expect.objectContaining({
        code: 'SETTINGS_BUDGET',
        message: expect.stringContaining('eu-north-1'),
        nextStep: expect.stringContaining('backfill.usdPerMillionWriteUnits'),
      }),
    );
    requirePrice(settingsWith({}, 'eu-north-1'), undefined);
    requirePrice(settingsWith({}), 5);
  });
});

test('a run tells what it took, against the plan and the budget', () => {
  const spent = { ...units, usd: 2.5, budgetUsd: 3, isBudgetSpent: false };
  const lines = describeSpent(spent, 5_000_000, settingsWith({}));
  expect(lines.join('\n')).toMatch(
    /^Used so far.*: 4,000,000 write units and 2,000,000 read units: 2\.50 USD .*\n.*5,000,000 .*the run used 20 % less\.\nBudget: 2\.50 of 3\.00 USD for writes\. Reads have no price/,
  );
  expect(describeSpent(spent, 0, settingsWith({}))[1]).not.toContain('%');
});

test.each([
  [0.001, '0.002'],
  [5, '10'],
  [0.0000001, '0.0000002'],
  [12.34, '24.68'],
])('the command that goes on with more than %d USD can be pasted', (budgetUsd, next) => {
  expect(withHigherBudget(budgetUsd).at(-1)).toBe(next);
});

test('it keeps the phase, and there is none while the budget lasts', () => {
  const spent = { ...units, usd: 5, budgetUsd: 5, isBudgetSpent: true };
  expect(nextAtBudget('production', { spent }, ['--phase', 'actuals'])?.words).toEqual([
    ...['backfill', '--execute', '--budget-usd', '10', '--phase', 'actuals', '--env', 'production'],
  ]);
  expect(nextAtBudget('production', { spent: { ...spent, isBudgetSpent: false } }, [])).toBeUndefined();
});

test.each([
  [undefined, []],
  [3, [expect.stringMatching(/^Budget: 3\.00 USD covers/)]],
  [2, [expect.stringMatching(/^Budget: 2\.00 USD does not cover/)]],
])('a plan says whether a budget of %s covers it', (budgetUsd, lines) => {
  expect(describeBudgetOfPlan(4_000_000, budgetUsd, settingsWith({}))).toEqual(lines);
});
