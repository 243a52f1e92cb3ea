import { expect, test } from 'vitest';
import { requireOwnTables } from '../../../backfill/account/shared-tables.ts';
import { parseSettings } from '../../../infra/settings.ts';

const HERE = { account: '123456789012', region: 'eu-west-1' };
const OWN = {
  goalKpiLinks: 'a-1',
  kpiMilestones: 'a-2',
  kpiActuals: 'a-3',
  kpiReadings: 'a-4',
  kpiLinks: 'a-5',
  kpiData: 'a-6',
};

/** Checks `dev` beside another environment. */
function check(other: object, dev: object = HERE): () => void {
  const context = { migration: { environments: { dev, other } } };
  return () => requireOwnTables(context, parseSettings(context, 'dev'));
}

test.each([
  ['all names by default', HERE, /other has .*purposepath-kpi-links.*kpi-migration-control/],
  ['the control table alone', { ...HERE, tables: OWN }, /other has kpi-migration-control\./],
  [
    'an old table alone',
    { ...HERE, tables: { ...OWN, control: 'a-7', goalKpiLinks: 'purposepath-goal-kpi-links' } },
    /links/,
  ],
])('an environment in the same account and region that shares %s is refused', (_name, other, message) => {
  expect(check(other)).toThrow(
    expect.objectContaining({ code: 'SETTINGS_INVALID', message: expect.stringMatching(message) }),
  );
});

test.each([
  ['in another account', { ...HERE, account: '210987654321' }],
  ['in another region', { ...HERE, region: 'us-east-1' }],
  ['with tables of its own, look-ups shared', { ...HERE, tables: { ...OWN, control: 'a-7' } }],
  ['that is not valid', { ...HERE, colour: 'red' }],
])('one %s is not', (_name, other) => {
  expect(check(other)).not.toThrow();
});

test('two engines are apart, whatever their tables are called', () => {
  const engine = { ...HERE, account: '000000000000' };
  expect(check(engine, engine)).not.toThrow();
});
