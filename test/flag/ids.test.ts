import { describe, expect, test } from 'vitest';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { findFlag } from '../../functions/flag/access.ts';
import { publishedNames } from '../../functions/flag/names.ts';
import { APPLICATION, ENVIRONMENT, INITIAL, PROFILE, standIn } from '../local/appconfig/stand-in.ts';

const { flag, environment } = publishedNames('local');
const IDS = {
  applicationId: APPLICATION,
  profileId: PROFILE,
  widenStrategyId: 'lin0001',
  fallbackStrategyId: 'all0001',
};
const PUBLISHED = { [flag]: JSON.stringify(IDS), [environment]: ENVIRONMENT };

async function find(parameters: Readonly<Record<string, string>>, environmentName = 'local') {
  // An earlier stack has left an application of the same name behind, and it comes first.
  const leftBehind = { id: 'old0001', name: 'migration' };
  const initial = { ...INITIAL, applications: [leftBehind, ...INITIAL.applications] };
  const { url } = await standIn({ initial, parameters });
  return findFlag(localClientConfig(url), environmentName);
}

describe('the flag', () => {
  test('is found by the ids that its stacks publish, whatever else has its names', async () => {
    const access = await find(PUBLISHED);
    expect(access.ids).toEqual({ applicationId: APPLICATION, profileId: PROFILE, environmentId: ENVIRONMENT });
    expect(await access.strategyId('widen')).toBe('lin0001');
    expect(await access.strategyId('fallback')).toBe('all0001');
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['nothing is published', {}, flag],
    ['only the state is deployed', { [flag]: JSON.stringify(IDS) }, environment],
  ])('is not deployed where %s', async (_, parameters, missing) => {
    await expect(find(parameters)).rejects.toMatchObject({
      code: 'FLAG_NOT_DEPLOYED',
      message: expect.stringContaining(missing),
      nextStep: expect.stringContaining('npx cdk deploy --all'),
    });
  });

  test('of another environment is another one', async () => {
    await expect(find(PUBLISHED, 'staging')).rejects.toMatchObject({ code: 'FLAG_NOT_DEPLOYED' });
  });

  test.each(['', 'app0001', '{"applicationId":"a"}', '[]'])(
    'is refused with ids of another form: %j',
    async (value) => {
      await expect(find({ ...PUBLISHED, [flag]: value })).rejects.toMatchObject({ code: 'FLAG_IDS_UNREADABLE' });
    },
  );
});
