import {
  AppConfigDataClient,
  BadRequestException,
  GetLatestConfigurationCommand,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFlagClient, type FlagClient, type FlagClientSettings } from '../../functions/flag/client.ts';

const service = mockClient(AppConfigDataClient);
const SETTINGS = { application: 'kpi-migration', environment: 'reads', profile: 'flags', waitMaxMs: 300 };
const NEW = { enabled: true, stage: 'new', percent: 50 };
const BAD_TOKEN = new BadRequestException({ message: 'expired', $metadata: {} });
let troubles: string[];
let client: FlagClient | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  troubles = [];
  let sessions = 0;
  service.reset();
  service.on(StartConfigurationSessionCommand).callsFake(() => {
    sessions += 1;
    return { InitialConfigurationToken: `session-${sessions}` };
  });
});
afterEach(() => {
  client?.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** What GetLatestConfiguration answers; the body's stream is like the SDK's. */
function answer(readPath: unknown, next = 'next', intervalSeconds = 20) {
  const text = readPath === undefined ? '' : JSON.stringify({ readPath });
  return body(text, next, intervalSeconds);
}

function body(text: string, next = 'next', intervalSeconds = 20) {
  const bytes = Object.assign(new TextEncoder().encode(text), { transformToString: () => text });
  return {
    Configuration: bytes as never,
    NextPollConfigurationToken: next,
    NextPollIntervalInSeconds: intervalSeconds,
    VersionLabel: text === '' ? undefined : 'v1',
  };
}

async function start(
  readKillSwitch?: () => Promise<boolean>,
  settings: Partial<FlagClientSettings> = {},
): Promise<FlagClient> {
  client = createFlagClient(
    { ...SETTINGS, ...settings },
    {
      client: new AppConfigDataClient({ region: 'us-east-1' }),
      readKillSwitch,
      report: ({ what }) => troubles.push(what),
    },
  );
  await vi.advanceTimersByTimeAsync(0);
  return client;
}

function tokensSent(): (string | undefined)[] {
  return service.commandCalls(GetLatestConfigurationCommand).map((call) => call.args[0].input.ConfigurationToken);
}

async function pass(seconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(seconds * 1_000);
}

describe('the flag client', () => {
  test('polls on the schedule of the service, each time with the token it was last given', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .resolvesOnce(answer(NEW, 'a', 60))
      .resolvesOnce(answer(undefined, 'b', 30))
      .resolves(answer({ enabled: false }, 'c', 15));
    const flags = await start();
    expect(service.commandCalls(StartConfigurationSessionCommand)[0]?.args[0].input).toEqual({
      ApplicationIdentifier: 'kpi-migration',
      EnvironmentIdentifier: 'reads',
      ConfigurationProfileIdentifier: 'flags',
      RequiredMinimumPollIntervalInSeconds: 15,
    });
    expect(await flags.current()).toMatchObject({ stage: 'new', percent: 50 });
    await pass(59);
    expect(tokensSent()).toEqual(['session-1']);
    await pass(1);
    expect(tokensSent()).toEqual(['session-1', 'a']);
    await pass(30);
    expect(tokensSent()).toEqual(['session-1', 'a', 'b']);
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'flag-disabled' });
  });

  test('takes an empty body as no change, yet as a sign of life', async () => {
    service.on(GetLatestConfigurationCommand).resolvesOnce(answer(NEW)).resolves(answer(undefined));
    const flags = await start();
    const before = flags.status();
    await pass(20);
    expect(flags.status()).toEqual({ ...before, confirmedAtMs: (before.confirmedAtMs ?? 0) + 20_000 });
    expect(before).toMatchObject({ flag: { stage: 'new' }, versionLabel: 'v1' });
  });

  test('polls once for however many reads', async () => {
    service.on(GetLatestConfigurationCommand).resolves(answer(NEW));
    const flags = await start();
    await pass(19);
    for (let n = 0; n < 1_000; n += 1) await flags.current();
    expect(tokensSent()).toHaveLength(1);
    expect(flags.current()).not.toBeInstanceOf(Promise);
  });

  test('goes to the old tables by itself where it has not heard of the flag for too long, and comes back', async () => {
    service.on(GetLatestConfigurationCommand).resolvesOnce(answer(NEW)).rejects(new Error('unreachable'));
    const flags = await start();
    await pass(299);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    await pass(2);
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'flag-stale' });
    service.on(GetLatestConfigurationCommand).resolves(answer(undefined));
    await pass(15);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
  });

  test('is not stale between two polls, however far apart AppConfig sets them', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .resolvesOnce(answer(NEW, 'a', 600))
      .resolves(answer(undefined, 'b', 600));
    const flags = await start();
    await pass(599);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    await pass(600);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
  });

  test('keeps the last good value while the service fails, and comes back', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .resolvesOnce(answer(NEW))
      .rejectsOnce(new Error('unreachable'))
      .resolves(answer({ enabled: false }));
    const flags = await start();
    await pass(20);
    expect(troubles).toHaveLength(1);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    await pass(15);
    expect(await flags.current()).toMatchObject({ stage: 'old' });
  });

  test('opens a new session at once where its token is refused', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .resolvesOnce(answer(NEW))
      .rejectsOnce(BAD_TOKEN)
      .resolves(answer({ enabled: false }));
    const flags = await start();
    await pass(20);
    expect(tokensSent()).toEqual(['session-1', 'next', 'session-2']);
    expect(await flags.current()).toMatchObject({ stage: 'old' });
    expect(troubles).toEqual([]);
  });

  test('does not go round in circles where the token of a new session is refused too', async () => {
    service.on(GetLatestConfigurationCommand).resolvesOnce(answer(NEW)).rejects(BAD_TOKEN);
    const flags = await start();
    await pass(20);
    expect(tokensSent()).toHaveLength(3);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    expect(troubles).toHaveLength(1);
  });

  test.each(['{', 'null', '{"readPath":{"enabled":true,"stage":"new","percent":"all"}}'])(
    'takes what cannot be understood as old, even after a good value: %s',
    async (text) => {
      service.on(GetLatestConfigurationCommand).resolvesOnce(answer(NEW)).resolves(body(text));
      const flags = await start();
      await pass(20);
      expect(await flags.current()).toEqual({ stage: 'old', reason: 'flag-unreadable' });
    },
  );
});

describe('the first read', () => {
  test('waits for the flag', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .callsFake(() => new Promise((resolve) => setTimeout(() => resolve(answer(NEW)), 200)));
    const flags = await start();
    const reading = Promise.resolve(flags.current());
    await vi.advanceTimersByTimeAsync(200);
    expect(await reading).toMatchObject({ stage: 'new' });
  });

  test('waits no longer than it is set to, and then gets the old side', async () => {
    service.on(GetLatestConfigurationCommand).callsFake(() => new Promise(() => {}));
    const flags = await start();
    const startedAt = Date.now();
    const reading = Promise.resolve(flags.current()).then((flag) => ({ flag, tookMs: Date.now() - startedAt }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await reading).toEqual({ flag: { stage: 'old', reason: 'flag-not-read' }, tookMs: 300 });
    const later = Date.now();
    await flags.current();
    expect(Date.now() - later).toBe(0);
    await pass(10);
  });

  test('after the process stood still waits for a poll: it may have missed a fallback', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .resolvesOnce(answer(NEW))
      .resolves(answer({ enabled: false }));
    const flags = await start();
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await flags.current()).toMatchObject({ stage: 'old', reason: 'flag-disabled' });
  });

  test('waits anew where the standstill caught a poll under way', async () => {
    service
      .on(GetLatestConfigurationCommand)
      .resolvesOnce(answer(NEW))
      .callsFakeOnce(() => new Promise(() => {}))
      .resolves(answer({ enabled: false }));
    const flags = await start();
    await pass(20);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await flags.current()).toMatchObject({ stage: 'old', reason: 'flag-disabled' });
    await pass(10);
    expect(tokensSent()).toEqual(['session-1', 'next', 'session-2']);
    expect(troubles).toEqual([]);
  });
});

describe('the kill switch', () => {
  beforeEach(() => {
    service.on(GetLatestConfigurationCommand).resolves(answer(NEW));
  });

  test('puts reads on the old tables with the next poll, whatever the flag says, and back when it goes', async () => {
    let isSet = false;
    const flags = await start(async () => isSet);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    isSet = true;
    await pass(20);
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'kill-switch' });
    isSet = false;
    await pass(20);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
  });

  test('is heard while AppConfig fails or hangs', async () => {
    let isSet = false;
    const flags = await start(async () => isSet);
    isSet = true;
    service.on(GetLatestConfigurationCommand).callsFake(() => new Promise(() => {}));
    await pass(26);
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'kill-switch' });
  });

  test('that was never read counts as set, since nobody could tell this reader to go back', async () => {
    const flags = await start(() => Promise.reject(new Error('no rights')));
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'kill-switch-not-read' });
    expect(troubles).toContainEqual(expect.stringContaining('kill switch'));
  });

  test.each<[string, () => Promise<boolean>]>([
    ['fails', () => Promise.reject(new Error('throttled'))],
    ['hangs', () => new Promise(() => {})],
  ])('keeps its last value for a while where reading it %s', async (_, fail) => {
    let read = async () => false;
    const flags = await start(() => read());
    read = fail;
    await pass(299);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
    await pass(2);
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'kill-switch-stale' });
    read = async () => false;
    await pass(30);
    expect(await flags.current()).toMatchObject({ stage: 'new' });
  });

  test('stays set where reading it fails', async () => {
    let read = async () => true;
    const flags = await start(() => read());
    read = () => Promise.reject(new Error('throttled'));
    await pass(600);
    expect(await flags.current()).toEqual({ stage: 'old', reason: 'kill-switch' });
  });
});

test('a process that is forced to the old tables reads them, whatever the flag says', async () => {
  service.on(GetLatestConfigurationCommand).resolves(answer(NEW));
  const flags = await start(async () => false, { forceOld: true });
  expect(await flags.current()).toEqual({ stage: 'old', reason: 'forced-old' });
});
