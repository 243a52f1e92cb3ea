import {
  BadRequestException,
  ConflictException,
  GetEnvironmentCommand,
  ListDeploymentsCommand,
  ResourceNotFoundException,
  UpdateEnvironmentCommand,
} from '@aws-sdk/client-appconfig';
import { describe, expect, test } from 'vitest';
import { operatorOf } from './operator.ts';
import { ALARM, EXPONENTIAL, HOUR_MS, IN_ENVIRONMENT, LINEAR, standIn } from './stand-in.ts';

const NEW = { enabled: true, stage: 'new', percent: 10 };
const OLD = { enabled: false };

async function start(options: Parameters<typeof standIn>[0] = {}) {
  const stand = await standIn(options);
  const operator = operatorOf(stand);
  /** State and percentage, minute by minute from the start of a deployment. */
  const course = async (number: number, minutes: readonly number[]) => {
    const seen: string[] = [];
    let passed = 0;
    for (const minute of minutes) {
      stand.passMinutes(minute - passed);
      passed = minute;
      const { State, PercentageComplete } = await operator.look(number);
      seen.push(`${minute}: ${State} ${PercentageComplete}`);
    }
    return seen;
  };
  const environmentState = async () => (await stand.control.send(new GetEnvironmentCommand(IN_ENVIRONMENT))).State;
  return { ...stand, operator, course, environmentState };
}

describe('a deployment goes on with the clock', () => {
  test('linear: the growth factor in each step, then the bake, then complete', async () => {
    const { operator, course } = await start();
    const number = await operator.set(NEW, LINEAR);
    expect(await course(number, [0, 4.9, 5, 10, 15, 20, 29.9, 30])).toEqual([
      '0: DEPLOYING 25',
      '4.9: DEPLOYING 25',
      '5: DEPLOYING 50',
      '10: DEPLOYING 75',
      '15: DEPLOYING 100',
      '20: BAKING 100',
      '29.9: BAKING 100',
      '30: COMPLETE 100',
    ]);
  });

  test('exponential: the growth factor doubled in each step', async () => {
    const { operator, course } = await start();
    const number = await operator.set(NEW, EXPONENTIAL);
    expect(await course(number, [0, 2, 4, 6, 8, 10])).toEqual([
      '0: DEPLOYING 10',
      '2: DEPLOYING 20',
      '4: DEPLOYING 40',
      '6: DEPLOYING 80',
      '8: DEPLOYING 100',
      '10: COMPLETE 100',
    ]);
  });

  test('all at once without a bake: complete when it begins', async () => {
    const { operator } = await start();
    const number = await operator.set(OLD);
    expect(await operator.look(number)).toMatchObject({
      State: 'COMPLETE',
      CompletedAt: new Date('2026-11-24T08:00:00Z'),
    });
  });

  test('by a time scale of 60, minutes are seconds', async () => {
    const { operator, course } = await start({ timeScale: 60 });
    const number = await operator.set(NEW, LINEAR);
    expect(await course(number, [0.25, 0.5])).toEqual(['0.25: DEPLOYING 100', '0.5: COMPLETE 100']);
  });

  test('its events are listed, newest first', async () => {
    const { operator, passMinutes } = await start();
    const number = await operator.set(NEW, LINEAR);
    passMinutes(6);
    const { EventLog = [] } = await operator.look(number);
    expect(EventLog.map(({ EventType, TriggeredBy }) => `${EventType} ${TriggeredBy}`)).toEqual([
      'PERCENTAGE_UPDATED APPCONFIG',
      'PERCENTAGE_UPDATED APPCONFIG',
      'DEPLOYMENT_STARTED USER',
    ]);
  });
});

describe('one at a time', () => {
  test.each([5, 25])('a second deployment is refused %d minutes into the first', async (minutes) => {
    const { operator, passMinutes, environmentState } = await start();
    await operator.set(NEW, LINEAR);
    passMinutes(minutes);
    expect(await environmentState()).toBe('DEPLOYING');
    await expect(operator.set(OLD)).rejects.toThrow(ConflictException);
  });

  test('of two operators who start at once, one is refused, also while the gate is still thinking', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { operator } = await start({
      invokeValidator: () => {
        asked.resolve();
        return answer.promise;
      },
    });
    const [first, second] = [await operator.version(NEW), await operator.version(OLD)];
    const winner = operator.deploy(first);
    await asked.promise;
    await expect(operator.deploy(second)).rejects.toThrow(ConflictException);
    answer.resolve();
    expect(await winner).toMatchObject({ DeploymentNumber: 1, ConfigurationVersion: '2' });
  });

  test('a deployment that expects another latest one is refused', async () => {
    const { operator } = await start();
    await operator.set(NEW);
    const version = await operator.version(OLD);
    await expect(operator.deploy(version, LINEAR, 0)).rejects.toThrow(ConflictException);
    expect(await operator.deploy(version, LINEAR, 1)).toMatchObject({ DeploymentNumber: 2 });
  });

  test('they are listed, newest first', async () => {
    const { operator, control } = await start();
    await operator.set(NEW);
    await operator.set(OLD, LINEAR);
    const { Items } = await control.send(new ListDeploymentsCommand(IN_ENVIRONMENT));
    expect(Items).toEqual([
      expect.objectContaining({
        DeploymentNumber: 2,
        ConfigurationVersion: '3',
        State: 'DEPLOYING',
        PercentageComplete: 25,
      }),
      expect.objectContaining({
        DeploymentNumber: 1,
        ConfigurationVersion: '2',
        State: 'COMPLETE',
        PercentageComplete: 100,
      }),
    ]);
  });

  test('what it names has to exist', async () => {
    const { operator } = await start();
    await expect(operator.deploy(9)).rejects.toThrow(ResourceNotFoundException);
    await expect(operator.deploy(1, 'none001')).rejects.toThrow(ResourceNotFoundException);
    await expect(operator.look(1)).rejects.toThrow(ResourceNotFoundException);
  });
});

describe('StopDeployment', () => {
  test.each([5, 25])('rolls back what is in progress, %d minutes after its start', async (minutes) => {
    const { operator, passMinutes, environmentState } = await start();
    const number = await operator.set(NEW, LINEAR);
    passMinutes(minutes);
    expect(await operator.stop(number)).toMatchObject({ State: 'ROLLING_BACK' });
    expect(await environmentState()).toBe('ROLLING_BACK');
    await expect(operator.set(OLD)).rejects.toThrow(ConflictException);
    passMinutes(1);
    expect(await operator.look(number)).toMatchObject({ State: 'ROLLED_BACK' });
    expect(await environmentState()).toBe('ROLLED_BACK');
    expect(await operator.set(OLD)).toBe(2);
  });

  test('with AllowRevert, rolls back what is in progress all the same', async () => {
    const { operator, passMinutes } = await start();
    const number = await operator.set(NEW, LINEAR);
    await operator.stop(number, true);
    passMinutes(1);
    expect(await operator.look(number)).toMatchObject({ State: 'ROLLED_BACK' });
  });

  test('without AllowRevert, is refused on what is complete', async () => {
    const { operator } = await start();
    const number = await operator.set(NEW);
    await expect(operator.stop(number)).rejects.toThrow(BadRequestException);
    expect(await operator.look(number)).toMatchObject({ State: 'COMPLETE' });
  });

  test('with AllowRevert, reverts what has been complete for 72 hours', async () => {
    const { operator, clock } = await start();
    const number = await operator.set(NEW);
    clock.nowMs += 72 * HOUR_MS;
    expect(await operator.stop(number, true)).toMatchObject({ State: 'REVERTED' });
    await expect(operator.stop(number, true)).rejects.toThrow(BadRequestException);
  });

  test('with AllowRevert, is refused on what has been complete for longer', async () => {
    const { operator, clock } = await start();
    const number = await operator.set(NEW);
    clock.nowMs += 72 * HOUR_MS + 1;
    await expect(operator.stop(number, true)).rejects.toThrow(BadRequestException);
  });

  test('with AllowRevert, is refused on what a later deployment has replaced', async () => {
    const { operator } = await start();
    const number = await operator.set(NEW);
    await operator.set(OLD);
    await expect(operator.stop(number, true)).rejects.toThrow(BadRequestException);
  });
});

describe('an alarm that the environment watches', () => {
  test.each([5, 25])('rolls back when it goes off %d minutes after the start', async (minutes) => {
    const { operator, passMinutes, setAlarm } = await start();
    const number = await operator.set(NEW, LINEAR);
    passMinutes(minutes);
    await setAlarm(ALARM, 'ALARM');
    const { State, PercentageComplete, EventLog = [] } = await operator.look(number);
    expect([State, PercentageComplete]).toEqual(['ROLLING_BACK', 0]);
    expect(EventLog[0]).toMatchObject({ EventType: 'ROLLBACK_STARTED', TriggeredBy: 'CLOUDWATCH_ALARM' });
    passMinutes(1);
    expect(await operator.look(number)).toMatchObject({ State: 'ROLLED_BACK' });
  });

  test('changes nothing after completion', async () => {
    const { operator, passMinutes, setAlarm } = await start();
    const number = await operator.set(NEW, LINEAR);
    passMinutes(30);
    await setAlarm(ALARM, 'ALARM');
    expect(await operator.look(number)).toMatchObject({ State: 'COMPLETE' });
  });

  test('lets no deployment through while it lasts, not even one that takes no time', async () => {
    const { operator, passMinutes, setAlarm } = await start();
    await setAlarm(ALARM, 'ALARM');
    expect(await operator.look(await operator.set(NEW, LINEAR))).toMatchObject({ State: 'ROLLING_BACK' });
    passMinutes(1);
    expect(await operator.look(await operator.set(OLD))).toMatchObject({ State: 'ROLLING_BACK' });
    passMinutes(1);
    await setAlarm(ALARM, 'OK');
    expect(await operator.look(await operator.set(NEW, LINEAR))).toMatchObject({ State: 'DEPLOYING' });
  });

  test('does nothing while the environment does not watch it', async () => {
    const { operator, control, setAlarm } = await start();
    const { Monitors = [] } = await control.send(new GetEnvironmentCommand(IN_ENVIRONMENT));
    expect(Monitors).toEqual([{ AlarmArn: expect.stringMatching(`:alarm:${ALARM}$`) }]);
    await setAlarm(ALARM, 'ALARM');

    await control.send(new UpdateEnvironmentCommand({ ...IN_ENVIRONMENT, Monitors: [] }));
    const number = await operator.set(NEW, LINEAR);
    expect(await operator.look(number)).toMatchObject({ State: 'DEPLOYING' });

    const AlarmRoleArn = 'arn:aws:iam::000000000000:role/monitor';
    const watched = Monitors.map((monitor) => ({ ...monitor, AlarmRoleArn }));
    expect(await control.send(new UpdateEnvironmentCommand({ ...IN_ENVIRONMENT, Monitors: watched }))).toMatchObject({
      Monitors: watched,
    });
    await setAlarm(ALARM, 'ALARM');
    expect(await operator.look(number)).toMatchObject({ State: 'ROLLING_BACK' });
  });

  test('is one of those that are watched', async () => {
    const { setAlarm } = await start();
    await expect(setAlarm('Nobody', 'ALARM')).rejects.toMatchObject({ code: 'ALARM_UNKNOWN' });
  });
});
