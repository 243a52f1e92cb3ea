import {
  BadRequestException,
  ConflictException,
  CreateHostedConfigurationVersionCommand,
  GetHostedConfigurationVersionCommand,
  ListHostedConfigurationVersionsCommand,
  PayloadTooLargeException,
  paginateListHostedConfigurationVersions,
  ResourceNotFoundException,
} from '@aws-sdk/client-appconfig';
import { describe, expect, test } from 'vitest';
import { operatorOf } from './operator.ts';
import { content, OF_PROFILE, standIn } from './stand-in.ts';

const NEW = { enabled: true, stage: 'new', percent: 10, tenants: ['t1', 't2'], urgent: true, note: 'abc' };
const VERSION = { ...OF_PROFILE, ContentType: 'application/json' };

/** What a refusal says of the configuration. */
async function problemsOf(refused: Promise<unknown>): Promise<(string | undefined)[]> {
  const error = await refused.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(BadRequestException);
  const { Reason, Details } = error as BadRequestException;
  expect(Reason).toBe('InvalidConfiguration');
  return (Details?.InvalidConfiguration ?? []).map(({ Constraint, Location }) => `${Location} ${Constraint}`);
}

describe('versions of a profile', () => {
  test('are numbered from 1, the first of which is the stack’s', async () => {
    const stand = await standIn();
    expect(await operatorOf(stand).version(NEW)).toBe(2);
    const { Items } = await stand.control.send(new ListHostedConfigurationVersionsCommand(OF_PROFILE));
    expect(Items).toEqual([
      expect.objectContaining({ VersionNumber: 2, ContentType: 'application/json' }),
      expect.objectContaining({ VersionNumber: 1, Description: 'first' }),
    ]);
  });

  test('come back in the authoring form, with the instants that AppConfig adds', async () => {
    const stand = await standIn();
    const operator = operatorOf(stand);
    await operator.version(NEW);
    stand.passMinutes(5);
    await operator.version({ ...NEW, percent: 20 });
    const read = async (VersionNumber: number) => {
      const answer = await stand.control.send(
        new GetHostedConfigurationVersionCommand({ ...OF_PROFILE, VersionNumber }),
      );
      expect(answer).toMatchObject({ VersionNumber, ContentType: 'application/json', ...OF_PROFILE });
      return JSON.parse(Buffer.from(answer.Content ?? []).toString());
    };
    const began = '2026-11-24T08:00:00.000Z';
    expect((await read(2)).values.readPath).toEqual({ ...NEW, _createdAt: began, _updatedAt: began });
    const later = await read(3);
    expect(later.values.readPath).toMatchObject({
      percent: 20,
      _createdAt: began,
      _updatedAt: '2026-11-24T08:05:00.000Z',
    });
    expect(later.flags.readPath).toMatchObject({ name: 'Reads', _updatedAt: began });
  });

  test('carry the label and the description that they are given', async () => {
    const { control } = await standIn();
    const input = { ...VERSION, Content: Buffer.from(content(NEW)), VersionLabel: 'v-a', Description: 'by me' };
    expect(await control.send(new CreateHostedConfigurationVersionCommand(input))).toMatchObject({
      VersionNumber: 2,
      VersionLabel: 'v-a',
      Description: 'by me',
    });
    await expect(control.send(new CreateHostedConfigurationVersionCommand(input))).rejects.toThrow(ConflictException);
  });

  test('are listed in pages', async () => {
    const stand = await standIn();
    for (const percent of [1, 2, 3, 4]) await operatorOf(stand).version({ ...NEW, percent });
    const pages: number[][] = [];
    const config = { client: stand.control, pageSize: 2 };
    for await (const { Items = [] } of paginateListHostedConfigurationVersions(config, OF_PROFILE)) {
      pages.push(Items.map(({ VersionNumber = 0 }) => VersionNumber));
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  test('that are not there are not found', async () => {
    const { control } = await standIn();
    const missing = new GetHostedConfigurationVersionCommand({ ...OF_PROFILE, VersionNumber: 9 });
    await expect(control.send(missing)).rejects.toThrow(ResourceNotFoundException);
  });
});

describe('the optimistic lock', () => {
  test('lets one of two operators add a version who both saw the same latest one', async () => {
    const operator = operatorOf(await standIn());
    const outcomes = await Promise.allSettled([operator.version(NEW, 1), operator.version({ enabled: false }, 1)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(ConflictException);
  });

  test('is not asked for', async () => {
    const operator = operatorOf(await standIn());
    expect(await operator.version(NEW)).toBe(2);
    expect(await operator.version(NEW, 2)).toBe(3);
  });
});

describe('content is held to the schema of feature flags', () => {
  const create = async (text: string) => {
    const { control } = await standIn();
    return control.send(new CreateHostedConfigurationVersionCommand({ ...VERSION, Content: Buffer.from(text) }));
  };
  const flagsOf = (constraints: object, value: object = { enabled: true }) =>
    JSON.stringify({ version: '1', flags: { f: { attributes: { a: { constraints } } } }, values: { f: value } });

  test.each([
    ['what keeps every constraint', content(NEW)],
    ['a disabled flag without attributes', content({ enabled: false })],
    ['a number at its minimum', content({ enabled: true, percent: 0 })],
    ['a required attribute that is there', flagsOf({ type: 'number', required: true }, { enabled: true, a: 1 })],
    ['flags without values', JSON.stringify({ version: '1', flags: {} })],
  ])('taken: %s', async (_, text) => {
    expect(await create(text)).toMatchObject({ VersionNumber: 2 });
  });

  test.each([
    ['a flag that is not defined', content({ enabled: true }, 'other'), ['values.other flags']],
    ['a flag that every object has', content({ enabled: true }, 'constructor'), ['values.constructor flags']],
    [
      'a required attribute left out that every object has',
      JSON.stringify({
        version: '1',
        flags: { f: { attributes: { toString: { constraints: { type: 'string', required: true } } } } },
        values: { f: { enabled: true } },
      }),
      ['values.f.toString required'],
    ],
    [
      'an attribute that is not defined',
      content({ enabled: true, colour: 'red' }),
      ['values.readPath.colour attributes'],
    ],
    ['a value of another type', content({ enabled: true, percent: '10' }), ['values.readPath.percent type']],
    ['a number below its minimum', content({ enabled: true, percent: -1 }), ['values.readPath.percent minimum']],
    ['a number above its maximum', content({ enabled: true, percent: 101 }), ['values.readPath.percent maximum']],
    ['text that is not listed', content({ enabled: true, stage: 'newer' }), ['values.readPath.stage enum']],
    ['text that does not match', content({ enabled: true, note: 'A B' }), ['values.readPath.note pattern']],
    ['an element of another type', content({ enabled: true, tenants: [1] }), ['values.readPath.tenants.0 type']],
    ['a boolean that is text', content({ enabled: true, urgent: 'yes' }), ['values.readPath.urgent type']],
    ['a required attribute left out', flagsOf({ type: 'number', required: true }), ['values.f.a required']],
    [
      'all problems at once',
      content({ enabled: true, percent: 101, stage: 'x' }),
      ['values.readPath.stage enum', 'values.readPath.percent maximum'],
    ],
    ['a value without enabled', content({ percent: 10 }), ['values.readPath.enabled invalid_type']],
    ['another version of the schema', JSON.stringify({ version: '2' }), ['version invalid_value']],
    ['what the schema does not know', JSON.stringify({ version: '1', more: 1 }), [' unrecognized_keys']],
    [
      'pattern and enum together',
      flagsOf({ type: 'string', pattern: 'a', enum: ['a'] }),
      ['flags.f.attributes.a.constraints custom'],
    ],
  ])('refused: %s', async (_, text, problems) => {
    expect(await problemsOf(create(text))).toEqual(problems);
  });

  test('refused: what is no JSON', async () => {
    await expect(create('{')).rejects.toThrow(BadRequestException);
  });

  test('refused: more than 2 MB', async () => {
    await expect(create(' '.repeat(2 * 1024 * 1024 + 1))).rejects.toThrow(PayloadTooLargeException);
  });
});
