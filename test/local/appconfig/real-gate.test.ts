import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openFlag } from '../../../backfill/commands/flag/open-flag.ts';
import { type LocalCloud, startLocalCloud } from '../../../backfill/local/cloud/local-cloud.ts';
import type { FlagAccess } from '../../../functions/flag/access.ts';
import { applyFlagChange, planFlagChange } from '../../../functions/flag/change.ts';
import { createFlagClient } from '../../../functions/flag/client.ts';
import { readFlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { sharedSynthesis } from '../../shared-synthesis.ts';

let cloud: LocalCloud;
let flag: FlagAccess;

beforeAll(async () => {
  const { settings, ...synthesised } = await sharedSynthesis();
  cloud = await startLocalCloud({ settings, synthesised, onProgress: () => {} });
  vi.stubEnv('AWS_ENDPOINT_URL_APPCONFIG', cloud.appconfig?.url ?? '');
  flag = await openFlag(settings);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud?.stop();
});

async function change(next: FlagContent): Promise<number> {
  return applyFlagChange(flag, await planFlagChange(flag, next), 'the test');
}

test("the stack's own gate lets reads be compared, and refuses to move them without a validation", async () => {
  const shadow: FlagContent = { enabled: true, stage: 'shadow', percent: 0, tenants: [], lagBoundMs: 0 };
  const number = await change(shadow);
  expect((await readFlagState(flag.client, flag.ids)).last).toMatchObject({ number, state: 'COMPLETE' });
  await expect(change({ ...shadow, stage: 'new', percent: 10 })).rejects.toMatchObject({
    code: 'FLAG_REFUSED',
    message: expect.stringContaining('NO_REPORT'),
  });
  expect((await readFlagState(flag.client, flag.ids)).deployed).toEqual(shadow);
});

test('readers follow the flag by the client of the product', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_APPCONFIGDATA', cloud.appconfig?.url ?? '');
  vi.stubEnv('AWS_REGION', cloud.clientConfig.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', cloud.clientConfig.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', cloud.clientConfig.credentials.secretAccessKey);
  const { applicationId, environmentId, profileId } = flag.ids;
  const client = createFlagClient({ application: applicationId, environment: environmentId, profile: profileId });
  try {
    expect(await client.current()).toMatchObject({ stage: 'shadow' });
  } finally {
    client.stop();
  }
});

test('the alarms of the stack are known by name', () => {
  expect(cloud.appconfig?.alarmNames).toHaveLength(5);
  expect(cloud.appconfig?.alarmNames).toContainEqual(expect.stringMatching(/NewSideErrors/));
});
