import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { FunctionHost } from '../../../backfill/local/cloud/function-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'function-'));
const bundle = join(directory, 'index.js');
writeFileSync(
  bundle,
  `exports.handler = async (event, context) => {
     console.log('handled', event.do);
     if (event.do === 'throw') throw new RangeError('too far');
     if (event.do === 'exit') process.exit(3);
     if (event.do === 'hang') await new Promise(() => setInterval(() => {}, 1000));
     if (event.do === 'wait') await new Promise((resolve) => setTimeout(resolve, 200)).then(() => console.log('waited'));
     return { pid: process.pid, value: process.env.VALUE, left: context.getRemainingTimeInMillis(), none: undefined };
   };`,
);

const hosts: FunctionHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

interface Answer {
  readonly pid: number;
  readonly value: string;
  readonly left: number;
}

function startHost(timeoutSeconds = 30) {
  const host = new FunctionHost({
    function: { id: 'Tested', asset: '', handler: 'index.handler', timeoutSeconds, environment: { VALUE: 'plain' } },
    bundle,
    environment: {},
    logFile: join(directory, 'log'),
  });
  hosts.push(host);
  return {
    host,
    invoke: async (what: string) => (await host.invoke({ do: what })) as Answer,
  };
}

test('a handler answers through JSON, with its variables and the time it has left', async () => {
  const { invoke } = startHost();
  const answer = await invoke('answer');
  expect(answer).toEqual({ pid: expect.any(Number), value: 'plain', left: expect.any(Number) });
  expect(answer.left).toBeGreaterThan(0);
  expect(answer.left).toBeLessThanOrEqual(30_000);
});

test('a process serves one invocation after another, and never two at once', async () => {
  const { invoke } = startHost();
  const [first, second] = await Promise.all([invoke('wait'), invoke('wait')]);
  expect(first.pid).not.toBe(second.pid);
  expect([first.pid, second.pid]).toContain((await invoke('answer')).pid);
});

test('a throw fails the invocation and the process goes on', async () => {
  const { invoke } = startHost();
  const { pid } = await invoke('answer');
  await expect(invoke('throw')).rejects.toThrow(/^RangeError: too far/);
  expect((await invoke('answer')).pid).toBe(pid);
});

test.each(['exit', 'hang'])(
  'a process that ends by %s fails its invocation, and a new one takes the next',
  async (end) => {
    const { invoke } = startHost(1);
    const { pid } = await invoke('answer');
    await expect(invoke(end)).rejects.toThrow('The process of Tested ended');
    expect((await invoke('answer')).pid).not.toBe(pid);
  },
);

test('all processes can be killed in the midst of an invocation', async () => {
  const { host, invoke } = startHost();
  await invoke('answer');
  const [outcome] = await Promise.all([
    invoke('hang').catch((error: Error) => error.message),
    sleep(50).then(() => host.killAll('SIGKILL')),
  ]);
  expect(outcome).toContain('SIGKILL');
});

test('a process that is lost sight of fails its invocation, and goes on until its handler answers', async () => {
  const { host, invoke } = startHost();
  const { pid } = await invoke('answer');
  const failure = invoke('wait').catch((error: Error) => error.message);
  const [lost] = host.busy();
  lost?.signal('SIGSTOP');
  const gone = lost?.abandon();
  expect(await failure).toContain('was lost sight of');
  expect(host.busy()).toEqual([]);
  expect((await invoke('answer')).pid).not.toBe(pid);
  lost?.signal('SIGCONT');
  await gone;
  await expect.poll(() => readFileSync(join(directory, 'log'), 'utf8')).toContain('waited');
});

test('what a handler prints goes to its log', async () => {
  const { host, invoke } = startHost();
  await invoke('answer');
  await host.stop();
  expect(readFileSync(join(directory, 'log'), 'utf8')).toContain('handled answer');
  rmSync(directory, { recursive: true });
});
