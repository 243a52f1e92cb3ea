import {
  BadRequestException,
  GetLatestConfigurationCommand,
  type InvalidParameterProblem,
  ResourceNotFoundException,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';
import { describe, expect, test } from 'vitest';
import { operatorOf, sessionOf } from './operator.ts';
import { ALARM, APPLICATION, ENVIRONMENT, HOUR_MS, LINEAR, PROFILE, standIn } from './stand-in.ts';

const NEW = { enabled: true, stage: 'new', percent: 10, tenants: ['t1'] };
const OLD = { enabled: false };

/** A stand-in on which `value` is deployed. */
async function deployed(value: object, options: Parameters<typeof standIn>[0] = {}) {
  const stand = await standIn(options);
  const operator = operatorOf(stand);
  await operator.set(value);
  return { ...stand, operator };
}

async function expectProblem(refused: Promise<unknown>, problem: InvalidParameterProblem): Promise<void> {
  const error = await refused.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(BadRequestException);
  const { Reason, Details } = error as BadRequestException;
  expect(Reason).toBe('InvalidParameters');
  expect(Details?.InvalidParameters).toEqual({ ConfigurationToken: { Problem: problem } });
}

describe('what is deployed', () => {
  test('comes in the evaluated form, with the attributes of a flag that is enabled', async () => {
    const stand = await deployed(NEW);
    expect(await (await sessionOf(stand)).poll()).toEqual({ readPath: NEW });
  });

  test('comes without the attributes of a flag that is disabled', async () => {
    const stand = await deployed({ ...NEW, enabled: false });
    expect(await (await sessionOf(stand)).poll()).toEqual({ readPath: { enabled: false } });
  });

  test('is found by ids as by names', async () => {
    const { data } = await deployed(NEW);
    const { InitialConfigurationToken } = await data.send(
      new StartConfigurationSessionCommand({
        ApplicationIdentifier: APPLICATION,
        EnvironmentIdentifier: ENVIRONMENT,
        ConfigurationProfileIdentifier: PROFILE,
      }),
    );
    const answer = await data.send(
      new GetLatestConfigurationCommand({ ConfigurationToken: InitialConfigurationToken }),
    );
    expect(answer.ContentType).toBe('application/json');
  });

  test('comes once: an empty body says that nothing has changed', async () => {
    const stand = await deployed(NEW);
    const session = await sessionOf(stand);
    await session.poll();
    stand.passMinutes(1);
    expect(await session.poll()).toBeUndefined();
    stand.passMinutes(1);
    await stand.operator.set(OLD);
    expect(await session.poll()).toEqual({ readPath: OLD });
  });

  test('is not there before the first deployment', async () => {
    const session = await sessionOf(await standIn());
    await expect(session.poll()).rejects.toThrow(ResourceNotFoundException);
  });

  test('is of a configuration that exists', async () => {
    const { data } = await standIn();
    const names = { ApplicationIdentifier: 'migration', EnvironmentIdentifier: 'reads' };
    const start = (more: object) =>
      data.send(
        new StartConfigurationSessionCommand({ ...names, ConfigurationProfileIdentifier: 'read-path', ...more }),
      );
    await expect(start({ ApplicationIdentifier: 'none' })).rejects.toThrow(ResourceNotFoundException);
    await expect(start({ EnvironmentIdentifier: 'none' })).rejects.toThrow(ResourceNotFoundException);
    await expect(start({ ConfigurationProfileIdentifier: 'none' })).rejects.toThrow(ResourceNotFoundException);
  });
});

describe('the interval between polls', () => {
  const intervalOf = async (timeScale: number, seconds?: number) => {
    const stand = await deployed(NEW, { timeScale });
    const token = (await sessionOf(stand, seconds)).token();
    const answer = await stand.data.send(new GetLatestConfigurationCommand({ ConfigurationToken: token }));
    return answer.NextPollIntervalInSeconds;
  };

  test.each([
    ['what the session requires', 1, 15, 15],
    ['60 seconds for a session that requires none', 1, undefined, 60],
    ['shorter by the time scale', 10, 30, 3],
    ['never shorter than a second', 60, 15, 1],
  ])('is %s', async (_, timeScale, required, expected) => {
    expect(await intervalOf(timeScale, required)).toBe(expected);
  });

  test.each([14, 86_401])('cannot be required as %d seconds', async (seconds) => {
    await expect(sessionOf(await standIn(), seconds)).rejects.toThrow(BadRequestException);
  });

  test('holds: a poll too soon is refused, and does not use the token up', async () => {
    const stand = await deployed(NEW);
    const session = await sessionOf(stand, 15);
    await session.poll();
    stand.clock.nowMs += 14_999;
    await expectProblem(session.poll(), 'PollIntervalNotSatisfied');
    stand.clock.nowMs += 1;
    expect(await session.poll()).toBeUndefined();
  });
});

describe('a token', () => {
  const pollWith = ({ data }: Awaited<ReturnType<typeof standIn>>, ConfigurationToken: string | undefined) =>
    data.send(new GetLatestConfigurationCommand({ ConfigurationToken }));

  test('serves once', async () => {
    const stand = await deployed(NEW);
    const token = (await sessionOf(stand)).token();
    await pollWith(stand, token);
    await expectProblem(pollWith(stand, token), 'Corrupted');
  });

  test('serves for 24 hours', async () => {
    const stand = await deployed(NEW);
    const session = await sessionOf(stand);
    stand.clock.nowMs += 24 * HOUR_MS;
    await session.poll();
    stand.clock.nowMs += 24 * HOUR_MS + 1;
    await expectProblem(session.poll(), 'Expired');
  });

  test('is one that was given out', async () => {
    const stand = await deployed(NEW);
    await expectProblem(pollWith(stand, 'made-up'), 'Corrupted');
  });
});

describe('a rollout step by step', () => {
  const SESSIONS = 200;

  /** Which of the sessions have the new version, after each poll. */
  async function rollOut() {
    const stand = await deployed(OLD);
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => sessionOf(stand, 15)));
    const holdsNew = new Array<boolean>(SESSIONS).fill(false);
    const poll = async () => {
      const answers = await Promise.all(sessions.map((session) => session.poll()));
      for (const [at, answer] of answers.entries()) {
        if (answer !== undefined) holdsNew[at] = (answer as { readPath: { enabled: boolean } }).readPath.enabled;
      }
      return [...holdsNew];
    };
    await poll();
    const number = await stand.operator.set(NEW, LINEAR);
    return { ...stand, number, poll };
  }

  const share = (holdsNew: readonly boolean[]) => holdsNew.filter(Boolean).length / SESSIONS;

  test('reaches about its percentage of the sessions, each of which then stays with it', async () => {
    const { poll, passMinutes } = await rollOut();
    let before: readonly boolean[] = [];
    for (const expected of [0.25, 0.5, 0.75, 1]) {
      passMinutes(expected === 0.25 ? 1 : 5);
      const now = await poll();
      // Five standard deviations of the binomial distribution at its widest.
      expect(Math.abs(share(now) - expected)).toBeLessThan(5 * Math.sqrt(0.25 / SESSIONS));
      expect(before.filter((held, at) => held && !now[at])).toEqual([]);
      before = now;
    }
    expect(share(before)).toBe(1);
  });

  test('goes back for all sessions at once when an alarm goes off', async () => {
    const { poll, passMinutes, setAlarm } = await rollOut();
    passMinutes(10);
    expect(share(await poll())).toBeGreaterThan(0.5);
    await setAlarm(ALARM, 'ALARM');
    passMinutes(1);
    expect(share(await poll())).toBe(0);
  });

  test('goes back when it is reverted after completion', async () => {
    const { poll, passMinutes, operator, number } = await rollOut();
    passMinutes(30);
    expect(share(await poll())).toBe(1);
    await operator.stop(number, true);
    passMinutes(1);
    expect(share(await poll())).toBe(0);
  });
});
