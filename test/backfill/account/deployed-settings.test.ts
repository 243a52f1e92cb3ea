import { expect, test } from 'vitest';
import { matchSettings, settingsProblem } from '../../../backfill/account/deployed-settings.ts';
import { differingSettings, settingsDigests, settingsParameterName } from '../../../infra/settings-digests.ts';
import { ofType, settingsWith, synthesise } from '../../infra/synthesis.ts';

const settings = settingsWith();
const PUBLISHED = JSON.stringify(settingsDigests(settings));

test('the stack publishes the digests of its settings under the environment’s name, in 4 KB', () => {
  const [parameter] = ofType(synthesise(settings), 'AWS::SSM::Parameter').filter(
    ({ Properties }) => Properties.Name === settingsParameterName('test'),
  );
  expect(parameter?.Properties).toMatchObject({ Type: 'String', Value: PUBLISHED });
  expect(PUBLISHED.length).toBeLessThan(4_096);
});

test.each([
  ['a table', { tables: { kpiData: 'other' } }, ['tables']],
  ['the account', { account: '999999999999' }, ['account']],
  ['what is held', { heldRecords: 'personal-link' }, ['heldRecords']],
  ['two groups', { readFlag: { lagMaxSeconds: 30 }, tokenRetentionDays: 7 }, ['readFlag', 'tokenRetentionDays']],
  ['a pause of the standing validation', { validation: { pauseSeconds: 1 } }, ['validation']],
])('settings that differ in %s are named', (_name, given, groups) => {
  const match = matchSettings(settingsWith(given), PUBLISHED);
  expect(match).toEqual({ state: 'differ', groups });
  const problem = settingsProblem(match, settings);
  expect(problem).toMatchObject({ code: 'DEPLOYED_SETTINGS_DIFFER', nextStep: expect.stringContaining('cdk deploy') });
  expect(problem?.message).toContain(groups.join(', '));
});

test.each([
  ['the pace of a backfill', { backfill: { maxWriteUnitsPerSecond: 100, leaseSeconds: 90 } }],
  ['the segments of a validation', { validation: { segments: 9, maxReadUnitsPerSecond: 50 } }],
])('%s, which only commands use, may differ', (_name, given) => {
  expect(matchSettings(settingsWith(given), PUBLISHED)).toEqual({ state: 'same' });
});

test.each(['', 'null', '{}', '[1]', '{"tables":1}'])('a parameter of %s matches nothing', (parameter) => {
  expect(matchSettings(settings, parameter)).toMatchObject({ state: 'differ' });
});

test('a stack that has published nothing is a problem, an engine alone is none', () => {
  expect(settingsProblem(matchSettings(settings, undefined), settings)).toMatchObject({
    code: 'DEPLOYED_SETTINGS_UNKNOWN',
    message: expect.stringContaining('/kpi-migration/test/settings-hash'),
  });
  expect(settingsProblem({ state: 'unknown' }, settings)).toBeUndefined();
});

test('a group that only one side knows differs', () => {
  expect(differingSettings({ a: '1' }, { a: '1', b: '2' })).toEqual(['b']);
  expect(differingSettings({ a: '1', b: '2' }, { a: '1' })).toEqual(['b']);
});

test('the order of names in cdk.json says nothing', () => {
  const callers = [{ tenants: 'any', principal: 'arn:aws:iam::123456789012:role/kpi-service' }];
  const other = [{ principal: 'arn:aws:iam::123456789012:role/kpi-service', tenants: 'any' }];
  const [left, right] = [callers, other].map((each) => settingsDigests(settingsWith({ readPath: { callers: each } })));
  expect(left).toEqual(right);
});
