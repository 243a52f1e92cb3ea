import { BadRequestException, ListDeploymentsCommand, ValidateConfigurationCommand } from '@aws-sdk/client-appconfig';
import { describe, expect, test } from 'vitest';
import type { ValidatorEvent } from '../../../backfill/local/appconfig/validators.ts';
import { operatorOf } from './operator.ts';
import { APPLICATION, IN_ENVIRONMENT, OF_PROFILE, PROFILE, standIn } from './stand-in.ts';

const NEW = { enabled: true, stage: 'new', percent: 10 };

/** Reasons that a refusal gives. */
async function reasonsOf(refused: Promise<unknown>): Promise<unknown> {
  const error = await refused.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(BadRequestException);
  return (error as BadRequestException).Details?.InvalidConfiguration?.map(({ Reason, Type }) => `${Type} ${Reason}`);
}

test('a validator is asked before a deployment, with the content as it was stored', async () => {
  const asked: [string, ValidatorEvent][] = [];
  const stand = await standIn({
    invokeValidator: async (event, functionId) => {
      asked.push([functionId, event]);
    },
  });
  await operatorOf(stand).set(NEW);
  expect(asked).toEqual([
    [
      'Gate',
      {
        applicationId: APPLICATION,
        configurationProfileId: PROFILE,
        configurationVersion: '2',
        content: expect.any(String),
        uri: 'hosted',
      },
    ],
  ]);
  const content = JSON.parse(Buffer.from(asked[0]?.[1].content ?? '', 'base64').toString());
  expect(content.values.readPath).toMatchObject(NEW);
});

describe('a validator that refuses', () => {
  const refusing = () => standIn({ invokeValidator: () => Promise.reject(new Error('NO_REPORT: no validation')) });

  test('is quoted, and nothing is deployed', async () => {
    const stand = await refusing();
    expect(await reasonsOf(operatorOf(stand).set(NEW))).toEqual(['LAMBDA NO_REPORT: no validation']);
    const { Items } = await stand.control.send(new ListDeploymentsCommand(IN_ENVIRONMENT));
    expect(Items).toEqual([]);
  });

  test('does not keep the environment from the next deployment', async () => {
    let isRefusing = true;
    const stand = await standIn({
      invokeValidator: async () => {
        if (isRefusing) throw new Error('not yet');
      },
    });
    const operator = operatorOf(stand);
    await reasonsOf(operator.set(NEW));
    isRefusing = false;
    expect(await operator.set(NEW)).toBe(1);
  });

  test('refuses at ValidateConfiguration, too', async () => {
    const { control } = await refusing();
    const validate = new ValidateConfigurationCommand({ ...OF_PROFILE, ConfigurationVersion: '1' });
    expect(await reasonsOf(control.send(validate))).toEqual(['LAMBDA NO_REPORT: no validation']);
  });
});

test('ValidateConfiguration deploys nothing where the validator agrees', async () => {
  const { control } = await standIn();
  await control.send(new ValidateConfigurationCommand({ ...OF_PROFILE, ConfigurationVersion: '1' }));
  const { Items } = await control.send(new ListDeploymentsCommand(IN_ENVIRONMENT));
  expect(Items).toEqual([]);
});

test('a validator that takes too long has refused', async () => {
  const stand = await standIn({ invokeValidator: () => new Promise(() => {}), validatorTimeoutMs: 20 });
  expect(await reasonsOf(operatorOf(stand).set(NEW))).toEqual(['LAMBDA The validator took longer than 20 ms.']);
});
