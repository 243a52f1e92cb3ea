import { beforeEach, describe, expect, test } from 'vitest';
import { fallBackHard, liftKillSwitch } from '../../backfill/commands/flag/kill-switch.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { applyFlagChange, planFlagChange } from '../../functions/flag/change.ts';
import { readFlagState } from '../../functions/flag/deployments.ts';
import { type FlagContent, READS_OLD } from '../../functions/flag/document.ts';
import { readEvidence } from '../../functions/gate/evidence.ts';
import { missingEvidence } from '../../functions/gate/missing-evidence.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { connectReads } from '../../functions/tables/connect-reads.ts';
import { readKillSwitch } from '../../functions/tables/control/documents.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineClient, engineUrl } from '../engine-client.ts';
import { ALL_AT_ONCE, APPLICATION, ENVIRONMENT, LINEAR, PROFILE, standIn } from '../local/appconfig/stand-in.ts';

const client = engineClient();
const SET = { at: '2026-05-01T12:00:00.000Z', by: 'Ada' };
const TO_NEW: FlagContent = { enabled: true, stage: 'new', percent: 10, tenants: [], lagBoundMs: 1_000 };

let names: TableNames;
beforeEach(async () => {
  names = await createTestTables();
});

const control = () => dynamoTables(client, names).control;
const seenByReaders = () => connectReads(names, localClientConfig(engineUrl())).readKillSwitch?.();

async function flagAtNew() {
  const appConfig = await standIn();
  const access = {
    client: appConfig.control,
    ids: { applicationId: APPLICATION, environmentId: ENVIRONMENT, profileId: PROFILE },
    strategyId: async (strategy: 'widen' | 'fallback') => (strategy === 'widen' ? LINEAR : ALL_AT_ONCE),
  };
  await applyFlagChange(access, await planFlagChange(access, TO_NEW), 'Ada');
  appConfig.passMinutes(31);
  const sleep = async (milliseconds: number) => appConfig.passMinutes(milliseconds / 60_000);
  return { access, options: { by: 'Ada', sleep, note: () => {} } };
}

describe('a hard fallback', () => {
  test('sets the switch that readers see, and disables the flag too', async () => {
    const { access, options } = await flagAtNew();
    expect(await seenByReaders()).toBe(false);
    const done = await fallBackHard(control(), SET, async () => access, options);
    expect(done).toMatchObject({ killSwitch: SET, flag: { deployment: 2 } });
    expect(await seenByReaders()).toBe(true);
    expect((await readFlagState(access.client, access.ids)).deployed).toEqual(READS_OLD);
  });

  test('works where AppConfig cannot be reached, and says so', async () => {
    const { options } = await flagAtNew();
    const done = await fallBackHard(control(), SET, () => Promise.reject(new Error('AppConfig is down')), options);
    expect(done).toMatchObject({ killSwitch: SET, flag: { unchanged: 'AppConfig is down' } });
    expect(await seenByReaders()).toBe(true);
  });
});

describe('lifting the switch', () => {
  test('is refused while the flag would move reads at once, and done when it would not', async () => {
    const { access, options } = await flagAtNew();
    await fallBackHard(control(), SET, () => Promise.reject(new Error('AppConfig is down')), options);
    await expect(liftKillSwitch(control(), access)).rejects.toMatchObject({
      code: 'READS_NOT_OLD',
      nextStep: expect.stringContaining('kpi-migrate fallback'),
    });
    expect(await seenByReaders()).toBe(true);
    await fallBackHard(control(), SET, async () => access, options);
    await liftKillSwitch(control(), access);
    expect(await seenByReaders()).toBe(false);
  });

  test('changes nothing where it is not set', async () => {
    const { access, options } = await flagAtNew();
    await fallBackHard(control(), SET, async () => access, options);
    await liftKillSwitch(control(), access);
    await liftKillSwitch(control(), access);
    expect(await readKillSwitch(control())).toBeUndefined();
  });
});

test('the gate refuses to widen reads under the switch', async () => {
  const { options } = await flagAtNew();
  await fallBackHard(control(), SET, () => Promise.reject(new Error('AppConfig is down')), options);
  const evidence = await readEvidence({ control: control(), quarantine: async function* () {} }, Date.now());
  const blockers = missingEvidence(evidence, { reportAgeMaxMs: 60_000, lagMaxMs: 60_000 }, Date.now());
  expect(blockers).toContainEqual({
    code: 'KILL_SWITCH_SET',
    message: 'Ada set the kill switch, 2026-05-01T12:00:00.000Z.',
    nextStep: 'kpi-migrate fallback --lift',
  });
});
