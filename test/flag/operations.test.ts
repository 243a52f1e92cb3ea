import { CreateHostedConfigurationVersionCommand } from '@aws-sdk/client-appconfig';
import { describe, expect, test, vi } from 'vitest';
import { describeFlag, whoReadsWhat } from '../../backfill/commands/flag/describe-flag.ts';
import type { AppConfigOptions } from '../../backfill/local/appconfig/start-app-config.ts';
import type { FlagAccess } from '../../functions/flag/access.ts';
import { applyFlagChange, planFlagChange } from '../../functions/flag/change.ts';
import {
  readFlagState,
  readRollBack,
  startFlagDeployment,
  stopFlagDeployment,
} from '../../functions/flag/deployments.ts';
import { type FlagContent, parseFlagDocument, READS_OLD } from '../../functions/flag/document.ts';
import { fallBack } from '../../functions/flag/fall-back.ts';
import { readMonitors, writeMonitors } from '../../functions/flag/monitors.ts';
import { readValidators, writeValidators } from '../../functions/flag/validators.ts';
import {
  ALARM,
  ALL_AT_ONCE,
  APPLICATION,
  ENVIRONMENT,
  LINEAR,
  OF_PROFILE,
  PROFILE,
  standIn,
} from '../local/appconfig/stand-in.ts';

const SHADOW: FlagContent = { enabled: true, stage: 'shadow', percent: 0, tenants: [], lagBoundMs: 1_000 };
const toNew = (percent: number): FlagContent => ({
  enabled: true,
  stage: 'new',
  percent,
  tenants: [],
  lagBoundMs: 1_000,
});

async function flagOnStandIn(options: Partial<AppConfigOptions> = {}) {
  const appConfig = await standIn(options);
  const flag: FlagAccess = {
    client: appConfig.control,
    ids: { applicationId: APPLICATION, environmentId: ENVIRONMENT, profileId: PROFILE },
    strategyId: async (strategy) => (strategy === 'widen' ? LINEAR : ALL_AT_ONCE),
  };
  const state = () => readFlagState(flag.client, flag.ids);
  const notes: string[] = [];
  return {
    ...appConfig,
    flag,
    state,
    notes,
    set: async (next: FlagContent, by = 'Ada') => applyFlagChange(flag, await planFlagChange(flag, next), by),
    fallBack: () =>
      fallBack(flag, {
        by: 'Ada',
        note: (message) => notes.push(message),
        sleep: async (milliseconds) => appConfig.passMinutes(milliseconds / 60_000),
      }),
  };
}

/** Has AppConfig fail where the command, by its name, is one of these. */
function failing({ client }: FlagAccess, isFailing: (commandName: string) => boolean): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (given) => {
        if (isFailing(commandName)) throw new Error('AppConfig is down');
        return next(given);
      },
    { step: 'initialize' },
  );
}

describe('a change', () => {
  test('that widens spreads slowly, and one that narrows is made at once', async () => {
    const { set, state, passMinutes } = await flagOnStandIn();
    await set(toNew(10));
    expect(await state()).toMatchObject({ deployed: READS_OLD, inProgress: { state: 'DEPLOYING', flag: toNew(10) } });
    passMinutes(31);
    expect(await state()).toMatchObject({ deployed: toNew(10), inProgress: undefined });
    await set(SHADOW);
    expect(await state()).toMatchObject({ deployed: SHADOW, inProgress: undefined });
  });

  test('that widens is not planned where no alarm would take it back', async () => {
    const { flag, set, state } = await flagOnStandIn();
    await writeMonitors(flag.client, flag.ids, []);
    await expect(set(toNew(10))).rejects.toMatchObject({ code: 'FLAG_UNWATCHED' });
    await set(SHADOW);
    expect((await state()).deployed).toEqual(SHADOW);
  });

  test('that widens is not planned where AppConfig would ask no gate', async () => {
    const { flag, set, state } = await flagOnStandIn();
    await writeValidators(flag.client, flag.ids, []);
    await expect(set(toNew(10))).rejects.toMatchObject({ code: 'FLAG_UNGATED' });
    await set(SHADOW);
    expect((await state()).deployed).toEqual(SHADOW);
  });

  test('is not planned while another is on its way', async () => {
    const { set } = await flagOnStandIn();
    await set(toNew(10));
    await expect(set(toNew(20))).rejects.toMatchObject({
      code: 'FLAG_DEPLOYING',
      retryable: true,
      nextStep: expect.stringContaining('kpi-migrate fallback'),
    });
  });

  test('that the gate refuses is not deployed, and says what the gate says', async () => {
    const invokeValidator = async () => {
      throw new Error('NO_REPORT: There has been no validation. Next: kpi-migrate validate');
    };
    const { set, state } = await flagOnStandIn({ invokeValidator });
    await expect(set(toNew(10))).rejects.toMatchObject({
      code: 'FLAG_REFUSED',
      message: expect.stringContaining('Next: kpi-migrate validate'),
    });
    expect((await state()).deployed).toEqual(READS_OLD);
  });
});

describe('why a deployment was rolled back', () => {
  const whyOf = async ({ flag, state }: Awaited<ReturnType<typeof flagOnStandIn>>) => {
    const { last } = await state();
    return { state: last?.state, ...(await readRollBack(flag.client, flag.ids, last?.number ?? 0)) };
  };

  test('is the gate, where its refusal comes late', async () => {
    const invokeValidator = () => Promise.reject(new Error('NO_REPORT: There has been no validation.'));
    const stand = await flagOnStandIn({ invokeValidator, validatesLate: true });
    await stand.set(toNew(10));
    await vi.waitFor(async () => expect((await stand.state()).inProgress).toBeUndefined());
    expect(await whyOf(stand)).toMatchObject({ state: 'ROLLED_BACK', by: 'appconfig' });
    expect((await stand.state()).deployed).toEqual(READS_OLD);
  });

  test('is an alarm, or an operator', async () => {
    const stand = await flagOnStandIn();
    await stand.set(toNew(10));
    await stand.setAlarm(ALARM, 'ALARM');
    stand.passMinutes(1);
    expect(await whyOf(stand)).toMatchObject({ state: 'ROLLED_BACK', by: 'alarm' });
    await stand.setAlarm(ALARM, 'OK');
    await stand.set(toNew(10));
    await stopFlagDeployment(stand.flag.client, stand.flag.ids, 2);
    stand.passMinutes(1);
    expect(await whyOf(stand)).toMatchObject({ state: 'ROLLED_BACK', by: 'operator' });
  });
});

describe('of two operators who decide on the same state', () => {
  test('the one who is second to make a version is refused', async () => {
    const { flag, state } = await flagOnStandIn();
    const [first, second] = [await planFlagChange(flag, SHADOW), await planFlagChange(flag, READS_OLD)];
    await applyFlagChange(flag, first, 'Ada');
    await expect(applyFlagChange(flag, second, 'Bob')).rejects.toMatchObject({ code: 'FLAG_CONFLICT' });
    expect((await state()).deployed).toEqual(SHADOW);
  });

  test('the one who is second to deploy is refused', async () => {
    const { flag, set, state } = await flagOnStandIn();
    await set(SHADOW);
    const second = await planFlagChange(flag, READS_OLD);
    await set(toNew(0));
    const latestVersion = second.latestVersion + 1;
    await expect(applyFlagChange(flag, { ...second, latestVersion }, 'Bob')).rejects.toMatchObject({
      code: 'FLAG_CONFLICT',
    });
    expect((await state()).deployed).toEqual(toNew(0));
  });
});

describe('a fallback', () => {
  test('has nothing to do before the first deployment, and where reads are old', async () => {
    const { fallBack: run, set } = await flagOnStandIn();
    expect(await run()).toEqual({});
    await set(SHADOW);
    await run();
    expect(await run()).toEqual({});
  });

  test.each([
    ['in the midst of a rollout', 1],
    ['while it bakes', 21],
    ['when it is complete', 31],
  ])('puts all reads on the old tables %s', async (_, minutes) => {
    const { fallBack: run, set, state, passMinutes } = await flagOnStandIn();
    await set(toNew(10));
    passMinutes(minutes);
    const done = await run();
    expect(done.stoppedDeployment).toBe(minutes === 31 ? undefined : 1);
    expect(await state()).toMatchObject({ deployed: READS_OLD, inProgress: undefined });
  });

  test('also takes back a rollout that lay over an earlier one', async () => {
    const { fallBack: run, set, state, passMinutes } = await flagOnStandIn();
    await set(toNew(10));
    passMinutes(31);
    await set(toNew(50));
    expect(await run()).toMatchObject({ stoppedDeployment: 2, deployment: 3 });
    expect(await state()).toMatchObject({ deployed: READS_OLD, inProgress: undefined });
  });

  test('asks the gate for nothing but the disabled flag, which passes with all else down', async () => {
    const asked: string[] = [];
    const {
      fallBack: run,
      set,
      passMinutes,
    } = await flagOnStandIn({
      invokeValidator: async ({ content }) => {
        asked.push(Buffer.from(content, 'base64').toString());
      },
    });
    await set(toNew(10));
    passMinutes(31);
    await run();
    expect(parseFlagDocument(asked.at(-1) ?? '')).toEqual(READS_OLD);
  });

  test('by two operators at once ends with reads on the old tables', async () => {
    const { fallBack: run, set, state } = await flagOnStandIn();
    await set(toNew(10));
    await Promise.all([run(), run()]);
    expect(await state()).toMatchObject({ deployed: READS_OLD, inProgress: undefined });
  });

  describe('while an alarm rings that takes back every deployment', () => {
    const monitorsOf = async ({ flag }: Awaited<ReturnType<typeof flagOnStandIn>>) =>
      (await readMonitors(flag.client, flag.ids)).map(({ AlarmArn }) => AlarmArn);

    async function readsNewAndRings() {
      const stand = await flagOnStandIn();
      await stand.set(toNew(10));
      stand.passMinutes(31);
      await stand.setAlarm(ALARM, 'ALARM');
      return stand;
    }

    test('gets through, and the alarm is watched again', async () => {
      const stand = await readsNewAndRings();
      const before = await monitorsOf(stand);
      expect(before).toHaveLength(1);

      await stand.fallBack();

      expect(await stand.state()).toMatchObject({ deployed: READS_OLD, inProgress: undefined });
      expect(await monitorsOf(stand)).toEqual(before);
      expect(stand.notes).toContainEqual(expect.stringContaining('does not watch'));
    });

    test('stops a rollout that this alarm is taking back to an earlier one', async () => {
      const stand = await readsNewAndRings();
      await stand.setAlarm(ALARM, 'OK');
      await stand.set(toNew(50));
      await stand.setAlarm(ALARM, 'ALARM');
      await stand.fallBack();
      expect((await stand.state()).deployed).toEqual(READS_OLD);
    });

    test('watches the alarm again where it gives up', async () => {
      const stand = await readsNewAndRings();
      const before = await monitorsOf(stand);
      let taken = false;
      failing(stand.flag, (command) => {
        taken ||= command === 'UpdateEnvironmentCommand';
        return taken && command === 'StartDeploymentCommand';
      });
      await expect(stand.fallBack()).rejects.toThrow('AppConfig is down');
      expect(await monitorsOf(stand)).toEqual(before);
    });

    test('says so where the alarm cannot be put back', async () => {
      const stand = await readsNewAndRings();
      let updates = 0;
      failing(stand.flag, (command) => command === 'UpdateEnvironmentCommand' && ++updates > 1);
      await expect(stand.fallBack()).rejects.toMatchObject({
        code: 'FLAG_UNWATCHED',
        message: expect.stringContaining(ALARM),
      });
      expect((await stand.state()).deployed).toEqual(READS_OLD);
    });
  });

  describe('with a gate that cannot be asked', () => {
    const never = new Promise<never>(() => {});
    const FAILURES: Readonly<Record<string, () => Promise<unknown>>> = {
      'is throttled': () => Promise.reject(new Error('Rate Exceeded.')),
      crashes: () => Promise.reject(new TypeError('Cannot read properties of undefined')),
      'does not answer in time': () => never,
      'may not be invoked': () => Promise.reject(new Error('AccessDeniedException: not authorized to invoke')),
      'is deleted': () => Promise.reject(new Error('ResourceNotFoundException: Function not found')),
    };

    async function readsNew(fail: () => Promise<unknown>) {
      let isBroken = false;
      const invokeValidator = async () => (isBroken ? fail() : undefined);
      const stand = await flagOnStandIn({ invokeValidator, validatorTimeoutMs: 50 });
      await stand.set(toNew(10));
      stand.passMinutes(31);
      isBroken = true;
      return { ...stand, validators: () => readValidators(stand.flag.client, stand.flag.ids) };
    }

    test.each(Object.entries(FAILURES))('gets through where it %s, and AppConfig asks it again', async (_, fail) => {
      const stand = await readsNew(fail);
      const before = await stand.validators();
      expect(before).toHaveLength(1);

      await stand.fallBack();

      expect(await stand.state()).toMatchObject({ deployed: READS_OLD, inProgress: undefined });
      expect(await stand.validators()).toEqual(before);
      expect(stand.notes).toContainEqual(expect.stringContaining('AppConfig does not ask'));
      await expect(stand.set(toNew(10))).rejects.toMatchObject({ code: 'FLAG_REFUSED' });
    });

    test('gets through where the refusal comes late, and leaves the alarms alone', async () => {
      let isBroken = false;
      const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
      const invokeValidator = async () => {
        if (isBroken) throw new Error('Rate Exceeded.');
        await asked;
      };
      const stand = await flagOnStandIn({ invokeValidator, validatesLate: true });
      await stand.set(toNew(10));
      expect((await stand.state()).inProgress).toMatchObject({ state: 'VALIDATING' });
      answer();
      await vi.waitFor(async () => expect((await stand.state()).inProgress?.state).toBe('DEPLOYING'));
      stand.passMinutes(31);
      expect((await stand.state()).deployed).toEqual(toNew(10));
      isBroken = true;
      const monitors = await readMonitors(stand.flag.client, stand.flag.ids);

      await stand.fallBack();

      expect((await stand.state()).deployed).toEqual(READS_OLD);
      expect(await readValidators(stand.flag.client, stand.flag.ids)).toHaveLength(1);
      expect(await readMonitors(stand.flag.client, stand.flag.ids)).toEqual(monitors);
      expect(stand.notes).toContainEqual(expect.stringMatching(/rolled it back: .*Until .* does not ask/));
      expect(stand.notes).not.toContainEqual(expect.stringContaining('does not watch'));
    });

    test('gets through while an alarm rings, too', async () => {
      const stand = await readsNew(() => Promise.reject(new Error('Rate Exceeded.')));
      await stand.setAlarm(ALARM, 'ALARM');
      await stand.fallBack();
      expect((await stand.state()).deployed).toEqual(READS_OLD);
      expect(await stand.validators()).toHaveLength(1);
      expect(await readMonitors(stand.flag.client, stand.flag.ids)).toHaveLength(1);
    });

    test('has AppConfig ask it again where the fallback fails all the same', async () => {
      const stand = await readsNew(() => Promise.reject(new Error('Rate Exceeded.')));
      failing(stand.flag, (command) => command === 'StartDeploymentCommand');
      await expect(stand.fallBack()).rejects.toThrow('AppConfig is down');
      expect(await stand.validators()).toHaveLength(1);
    });

    test('says so where AppConfig cannot be told to ask it again', async () => {
      const stand = await readsNew(() => Promise.reject(new Error('Rate Exceeded.')));
      let updates = 0;
      failing(stand.flag, (command) => command === 'UpdateConfigurationProfileCommand' && ++updates > 1);
      await expect(stand.fallBack()).rejects.toMatchObject({
        code: 'FLAG_UNGATED',
        message: expect.stringContaining('Gate'),
      });
      expect((await stand.state()).deployed).toEqual(READS_OLD);
    });
  });

  test('works over a deployed version that cannot be read', async () => {
    const { fallBack: run, control, state, flag } = await flagOnStandIn();
    const content = JSON.stringify({
      version: '1',
      flags: { other: { name: 'Other' } },
      values: { other: { enabled: true } },
    });
    const input = { ...OF_PROFILE, Content: Buffer.from(content), ContentType: 'application/json' };
    await control.send(new CreateHostedConfigurationVersionCommand(input));
    await startFlagDeployment(control, flag.ids, 2, ALL_AT_ONCE);
    expect((await state()).deployed).toBeUndefined();
    await run();
    expect((await state()).deployed).toEqual(READS_OLD);
  });

  test('gives up with a word where AppConfig never completes it', async () => {
    const { flag, set } = await flagOnStandIn();
    await set(toNew(10));
    const frozen = fallBack(flag, { by: 'Ada', note: () => {}, sleep: async () => {} });
    await expect(frozen).rejects.toMatchObject({ code: 'FALLBACK_INCOMPLETE', retryable: true });
  });
});

describe('who reads what, in words', () => {
  test.each<[flag: FlagContent | undefined, words: string]>([
    [undefined, 'the flag cannot be read, so all reads use the old tables'],
    [READS_OLD, 'all reads use the old tables'],
    [SHADOW, 'some are compared'],
    [
      { ...toNew(10), tenants: ['acme'] } as FlagContent,
      '10 % of tenants and acme read the new tables, except within 1 s',
    ],
  ])('%j', (flag, words) => {
    expect(whoReadsWhat(flag)).toContain(words);
  });

  test('a rollout is told beside what is in force', async () => {
    const { set, state, fallBack: run } = await flagOnStandIn();
    await set(toNew(10));
    expect(describeFlag(await state())).toEqual([
      'Reads: all reads use the old tables.',
      expect.stringMatching(/^Deployment 1 is DEPLOYING at \d+ %: 10 % of tenants read the new tables/),
    ]);
    await run();
    expect(describeFlag(await state())[0]).toBe('Reads: all reads use the old tables.');
  });
});
