import { request } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Action } from '../../backfill/cockpit/actions.ts';
import { Feed } from '../../backfill/cockpit/feed.ts';
import { type GuardedRequest, refusalOf } from '../../backfill/cockpit/guard.ts';
import { startCockpitServer } from '../../backfill/cockpit/server.ts';
import { replicationOf } from '../../backfill/environment.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { engineUrl } from '../engine-client.ts';

const SESSION = { port: 4000, token: 'secret' };
const HOST = { host: '127.0.0.1:4000' };
const TOKEN = { 'x-cockpit-token': 'secret' };
const post = (headers: GuardedRequest['headers'], queryToken: string | null = null): GuardedRequest => ({
  ...{ method: 'POST', headers, queryToken },
});

describe('a request', () => {
  test.each([
    [
      'of the page itself',
      post({ ...HOST, ...TOKEN, origin: 'http://127.0.0.1:4000', 'sec-fetch-site': 'same-origin' }),
    ],
    ['by the name localhost', post({ ...TOKEN, host: 'localhost:4000', origin: 'http://localhost:4000' })],
    ['of a stream of events, with the token in its address', { method: 'GET', headers: HOST, queryToken: 'secret' }],
  ])('%s is answered', (_name, given) => {
    expect(refusalOf(given, SESSION, true)).toBeUndefined();
  });

  test.each([
    ['for another host, as after DNS rebinding', post({ ...TOKEN, host: 'evil.example:4000' }), 421],
    ['for another port', post({ ...TOKEN, host: '127.0.0.1:4001' }), 421],
    ['without a host', post(TOKEN), 421],
    ['of another origin', post({ ...HOST, ...TOKEN, origin: 'https://evil.example' }), 403],
    ['of another port of this machine', post({ ...HOST, ...TOKEN, origin: 'http://127.0.0.1:4001' }), 403],
    ['of an opaque origin', post({ ...HOST, ...TOKEN, origin: 'null' }), 403],
    ['that the browser calls cross-site', post({ ...HOST, ...TOKEN, 'sec-fetch-site': 'cross-site' }), 403],
    ['without the token', post(HOST), 401],
    ['with another token of the same length', post({ ...HOST, 'x-cockpit-token': 'secreT' }), 401],
    ['that changes something, with the token in its address alone', post(HOST, 'secret'), 401],
  ])('%s is refused', (_name, given, status) => {
    expect(refusalOf(given, SESSION, true)).toMatchObject({ status });
  });
});

async function serve(isReadOnly: boolean) {
  const settings = readSettings('local');
  const connection = localClientConfig(engineUrl());
  const client = connect(connection);
  const tables = dynamoTables(client, settings.tables);
  const environment = { settings, connection, client, tables, replication: replicationOf(settings, tables) };
  const ended = new AbortController();
  const feed = new Feed({ environment, isReadOnly, everyMs: 50, stop: ended.signal });
  const running = feed.run();
  const performed: Action[] = [];
  const perform = async (action: Action) => {
    performed.push(action);
    return { isDone: true, lines: ['done'] };
  };
  const server = await startCockpitServer({ feed, token: 'secret', isReadOnly, port: 0, perform });
  onTestFinished(async () => {
    ended.abort();
    await Promise.all([running, server.close()]);
  });
  const { origin } = new URL(server.url);
  const act = async (body: string, headers: Record<string, string> = TOKEN) =>
    (await fetch(`${origin}/actions`, { method: 'POST', headers, body })).status;
  return { server, origin, performed, act };
}

describe('the server', () => {
  test('performs what the page may ask for, and nothing else', async () => {
    const { act, performed } = await serve(false);
    expect(await act('{"action":"fallback"}')).toBe(200);
    expect(await act('{"action":"stage","stage":"new","percent":1,"execute":true}')).toBe(200);
    for (const body of ['{"action":"rollback"}', '{"action":"fallback","env":"production"}', 'no JSON', '']) {
      expect(await act(body), body).toBe(400);
    }
    expect(await act(`{"action":"${'x'.repeat(20_000)}"}`)).toBe(413);
    expect(await act('{"action":"fallback"}', {})).toBe(401);
    expect(await act('{"action":"fallback"}', { ...TOKEN, origin: 'http://evil.example' })).toBe(403);
    expect(performed.map(({ action }) => action)).toEqual(['fallback', 'stage']);
  });

  test('changes nothing where it is read-only, and still says what the gate says', async () => {
    const { act, performed } = await serve(true);
    expect(await act('{"action":"fallback"}')).toBe(403);
    expect(await act('{"action":"stage","stage":"shadow","execute":true}')).toBe(403);
    expect(await act('{"action":"stage","stage":"shadow","execute":false}')).toBe(200);
    expect(performed).toEqual([{ action: 'stage', stage: 'shadow', execute: false }]);
  });

  test('sends looks as events, with the token alone', async () => {
    const { origin } = await serve(false);
    expect((await fetch(`${origin}/events`)).status).toBe(401);
    const stop = new AbortController();
    const { body, headers } = await fetch(`${origin}/events?token=secret`, { signal: stop.signal });
    expect(headers.get('content-type')).toBe('text/event-stream');
    const { value } = (await body?.getReader().read()) ?? {};
    const text = new TextDecoder().decode(value);
    expect(text).toMatch(/^data: \{"view":\{"environment":"local"[\s\S]*\}\n\n$/);
    expect(text).toContain('nothing-deployed');
    stop.abort();
  });

  test('serves the files of the page alone, to this machine alone', async () => {
    const { server, origin } = await serve(false);
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
    const page = await fetch(origin);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(await page.text()).not.toContain('secret');
    for (const path of ['/../server.ts', '/package.json', '/%2e%2e/package.json', '/page/cockpit.css']) {
      expect(await statusOf(origin, path), path).not.toBe(200);
    }
  });
});

/** The status of a path as it is written: `fetch` would tidy it. */
function statusOf(origin: string, path: string): Promise<number | undefined> {
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    request({ port, path, host: '127.0.0.1', headers: TOKEN }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
