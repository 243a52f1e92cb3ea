import { expect, test } from 'vitest';
import { readFlagState, startFlagDeployment } from '../../functions/flag/deployments.ts';
import type { FlagContent } from '../../functions/flag/document.ts';
import { standingFallback } from '../../functions/flag/standing-fallback.ts';
import { createFlagVersion } from '../../functions/flag/versions.ts';
import { ALL_AT_ONCE, APPLICATION, ENVIRONMENT, PROFILE, standIn } from '../local/appconfig/stand-in.ts';

const VARIABLES = {
  FLAG_APPLICATION_ID: APPLICATION,
  FLAG_ENVIRONMENT_ID: ENVIRONMENT,
  FLAG_PROFILE_ID: PROFILE,
  FALLBACK_STRATEGY_ID: ALL_AT_ONCE,
};
const ids = { applicationId: APPLICATION, environmentId: ENVIRONMENT, profileId: PROFILE };
const flagOf = (stage: 'shadow' | 'new', percent: number): FlagContent => ({
  enabled: true,
  stage,
  percent,
  tenants: [],
  lagBoundMs: 1_000,
});

test.each([
  ['reads that the new side answers are put on the old tables', flagOf('new', 10), false],
  ['reads that are only compared go on', flagOf('shadow', 0), true],
])('where rows differ, %s', async (_name, flag, enabled) => {
  const { control } = await standIn();
  await startFlagDeployment(control, ids, await createFlagVersion(control, ids, flag, 0, 'test'), ALL_AT_ONCE);
  expect((await readFlagState(control, ids)).deployed).toEqual(flag);

  await standingFallback(VARIABLES, () => control)();

  expect((await readFlagState(control, ids)).deployed).toMatchObject({ enabled });
});

test('without the ids of the flag nothing is done', async () => {
  const unreachable = () => {
    throw new Error('not to be asked');
  };
  expect(await standingFallback({}, unreachable)()).toBeUndefined();
});

test('some of the ids alone are a mistake', () => {
  expect(() => standingFallback({ FLAG_PROFILE_ID: PROFILE })).toThrow(/FLAG_APPLICATION_ID/);
});
