import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ListApplicationsCommand,
  ListConfigurationProfilesCommand,
  ListDeploymentStrategiesCommand,
  ListEnvironmentsCommand,
  UpdateConfigurationProfileCommand,
} from '@aws-sdk/client-appconfig';
import { BadRequestException, GetLatestConfigurationCommand } from '@aws-sdk/client-appconfigdata';
import { expect, onTestFinished, test } from 'vitest';
import { operatorOf, sessionOf } from './operator.ts';
import { ALARM, APPLICATION, LINEAR, OF_PROFILE, standIn } from './stand-in.ts';

const NEW = { enabled: true, stage: 'new', percent: 10 };

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'appconfig-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('versions, deployments under way and alarms outlast a restart', async () => {
  const directory = stateDirectory();
  const before = await standIn({ directory });
  const number = await operatorOf(before).set(NEW, LINEAR);
  await before.setAlarm(ALARM, 'OK');
  await before.stop();

  const after = await standIn({ directory });
  const operator = operatorOf(after);
  expect(await operator.look(number)).toMatchObject({ State: 'DEPLOYING', ConfigurationVersion: '2' });
  after.passMinutes(30);
  expect(await (await sessionOf(after)).poll()).toEqual({ readPath: NEW });
  expect(await operator.version({ enabled: false }, 2)).toBe(3);
  expect(readdirSync(directory)).toEqual(['appconfig.json']);
});

test('an alarm that rang before a restart still rings', async () => {
  const directory = stateDirectory();
  const before = await standIn({ directory });
  await before.setAlarm(ALARM, 'ALARM');
  await before.stop();
  const operator = operatorOf(await standIn({ directory }));
  expect(await operator.look(await operator.set(NEW, LINEAR))).toMatchObject({ State: 'ROLLING_BACK' });
});

test('a profile that no gate was asked for before a restart has none after it, until an operator adds it again', async () => {
  const directory = stateDirectory();
  let asked = 0;
  const invokeValidator = async () => {
    asked += 1;
  };
  const before = await standIn({ directory, invokeValidator });
  await before.control.send(new UpdateConfigurationProfileCommand({ ...OF_PROFILE, Validators: [] }));
  await before.stop();
  const after = await standIn({ directory, invokeValidator });
  await operatorOf(after).set(NEW);
  expect(asked).toBe(0);
  const Validators = [{ Type: 'LAMBDA' as const, Content: 'Gate' }];
  const answer = await after.control.send(new UpdateConfigurationProfileCommand({ ...OF_PROFILE, Validators }));
  expect(answer).toMatchObject({ Validators });
  await operatorOf(after).set(NEW);
  expect(asked).toBe(1);
});

test('sessions do not: a reader meets a token that is not known, and starts anew', async () => {
  const directory = stateDirectory();
  const before = await standIn({ directory });
  await operatorOf(before).set(NEW);
  const token = (await sessionOf(before)).token();
  await before.stop();
  const after = await standIn({ directory });
  const session = await sessionOf(after);
  expect(session.token()).not.toBe(token);
  expect(await session.poll()).toEqual({ readPath: NEW });
  const stale = after.data.send(new GetLatestConfigurationCommand({ ConfigurationToken: token }));
  await expect(stale).rejects.toThrow(BadRequestException);
});

test('state that cannot be read is told, with what to do', async () => {
  const directory = stateDirectory();
  writeFileSync(join(directory, 'appconfig.json'), '{"versions": [');
  await expect(standIn({ directory })).rejects.toMatchObject({
    code: 'STATE_UNREADABLE',
    nextStep: expect.stringContaining('appconfig.json'),
  });
});

test('what the stack made is found by name', async () => {
  const { control } = await standIn();
  const within = { ApplicationId: APPLICATION };
  const names = async (listed: Promise<{ Items?: { Name?: string }[] | undefined }>) =>
    ((await listed).Items ?? []).map(({ Name }) => Name);
  expect(await names(control.send(new ListApplicationsCommand({})))).toEqual(['migration']);
  expect(await names(control.send(new ListEnvironmentsCommand(within)))).toEqual(['reads', 'other']);
  expect(await names(control.send(new ListConfigurationProfilesCommand(within)))).toEqual(['read-path']);
  expect(await names(control.send(new ListDeploymentStrategiesCommand({})))).toHaveLength(3);
});

test('an operation that is not known is refused by name', async () => {
  const { url } = await standIn();
  const answer = await fetch(`${url}/extensions`);
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ Message: expect.stringContaining('GET /extensions') });
});
