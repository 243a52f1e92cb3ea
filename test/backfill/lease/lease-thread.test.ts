import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLease, type Lease, type LeaseOptions } from '../../../backfill/lease/lease.ts';
import { readHolder } from '../../../backfill/lease/lease-row.ts';
import { type LeaseThread, startLeaseThread } from '../../../backfill/lease/lease-thread.ts';
import { SYSTEM_CLOCK } from '../../../backfill/lease/system-clock.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import { dynamoTables, type Tables } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineClient, engineUrl } from '../../engine-client.ts';

const LEASE_MS = 3_000;
/** Much, since others use the machine that the tests run on. */
const LENGTH = { leaseMs: LEASE_MS, leaseMaxMs: 10 * LEASE_MS };

let tableNames: TableNames;
let tables: Tables;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  tableNames = await createTestTables();
  tables = dynamoTables(engineClient(), tableNames);
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

async function thread(length = LENGTH): Promise<LeaseThread> {
  return startLeaseThread({ connection: localClientConfig(engineUrl()), tableNames, length });
}

function options(owner: string, changes: Partial<LeaseOptions> = {}): LeaseOptions {
  return {
    ...{ ...LENGTH, ...SYSTEM_CLOCK },
    transactions: tables.transactions,
    owner,
    newToken: () => crypto.randomUUID(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    onWait: () => {},
    stop: new AbortController().signal,
    ...changes,
  };
}

/** Keeps this thread from anything else. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const LOST = expect.objectContaining({ code: 'LEASE_LOST' });

/** Blocks this thread as a large page does, again and again, with hardly a moment between. */
async function busyFor(lease: Lease, blocks: number, ms: number): Promise<void> {
  for (let at = 0; at < blocks; at += 1) {
    block(ms);
    lease.requireHeld();
    await sleep(1);
  }
}

describe('a thread of its own', () => {
  test('keeps the lease while the main thread is blocked for longer than a third of it, again and again', async () => {
    await using renewing = await thread();
    const lease = await acquireLease(options('alice', { renewals: renewing.start }));
    const taken = await readHolder(tables.transactions);
    await busyFor(lease, 5, LEASE_MS * 0.5);
    const held = await readHolder(tables.transactions);
    expect(held?.untilMs).toBeGreaterThan(taken?.untilMs ?? 0);
    await lease.release();
  });

  test('keeps it while the main thread is blocked for longer than the lease, which otherwise is lost', async () => {
    const alone = await acquireLease(options('alice'));
    block(LEASE_MS);
    expect(() => alone.requireHeld()).toThrow(LOST);
    await alone.release();

    await using renewing = await thread();
    const lease = await acquireLease(options('alice', { renewals: renewing.start }));
    block(LEASE_MS * 1.5);
    lease.requireHeld();
    await lease.release();
  });

  test('gives it up so that it is free at once, and stays so', async () => {
    await using renewing = await thread();
    const lease = await acquireLease(options('alice', { renewals: renewing.start }));
    await sleep(LEASE_MS / 2);
    await lease.release();
    expect(await readHolder(tables.transactions)).toMatchObject({ owner: 'alice', untilMs: 0 });
    await sleep(LEASE_MS / 2);
    expect(await readHolder(tables.transactions)).toMatchObject({ owner: 'alice', untilMs: 0 });
    await (await acquireLease(options('bob'))).release();
  });

  test('tells that another has taken the lease over', async () => {
    await using renewing = await thread();
    const lease = await acquireLease(options('alice', { renewals: renewing.start }));
    const aheadMs = LENGTH.leaseMaxMs * 2;
    await acquireLease(options('bob', { nowMs: () => Date.now() + aheadMs }));
    const giveUpAtMs = Date.now() + LEASE_MS;
    const isLost = (): boolean => {
      try {
        lease.requireHeld();
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: 'LEASE_LOST', cause: { message: expect.stringContaining('taken') } });
        return true;
      }
    };
    while (!isLost() && Date.now() < giveUpAtMs) await sleep(20);
    expect(isLost()).toBe(true);
    await lease.releaseAfterReserve();
    expect(await readHolder(tables.transactions)).toMatchObject({ owner: 'bob' });
  });

  test('is refused where the table cannot be reached', async () => {
    const nowhere = { ...tableNames, control: 'no-such-table' };
    const data = { connection: localClientConfig(engineUrl()), tableNames: nowhere, length: LENGTH };
    await expect(startLeaseThread(data)).rejects.toThrow(/non-existent table/);
  });
});

describe('a process that was stopped for longer than its lease', () => {
  const PROCESS = fileURLToPath(new URL('lease-process.ts', import.meta.url));

  async function holder(): Promise<ChildProcess> {
    const connection = localClientConfig(engineUrl());
    const child = fork(PROCESS, [JSON.stringify({ connection, tableNames, leaseMs: LEASE_MS })], { execArgv: [] });
    running.add(child);
    expect(await once(child, 'message')).toEqual(['ready', undefined]);
    return child;
  }

  async function told(child: ChildProcess, times: number): Promise<unknown[]> {
    const answers: unknown[] = [];
    const all = Promise.withResolvers<void>();
    child.on('message', (answer) => {
      answers.push(answer);
      if (answers.length === times) all.resolve();
    });
    for (let at = 0; at < times; at += 1) child.send('write');
    await Promise.race([all.promise, sleep(20_000)]);
    child.removeAllListeners('message');
    return answers;
  }

  test.each(['nobody has taken it over', 'another has taken it over'])('writes nothing, when %s', async (situation) => {
    const child = await holder();
    expect(await told(child, 1)).toEqual(['written']);
    child.kill('SIGSTOP');
    if (situation.startsWith('another')) await acquireLease(options('bob'));
    else await sleep(LEASE_MS * 1.5);
    const answers = told(child, 3);
    child.kill('SIGCONT');
    expect(await answers).toEqual(['LEASE_LOST', 'LEASE_LOST', 'LEASE_LOST']);
    expect(await tables.control.get('written', 'by the process')).toMatchObject({ writes: 1 });
    // Its thread does not take it back either.
    await sleep(LEASE_MS / 2);
    expect(await told(child, 1)).toEqual(['LEASE_LOST']);
  });
});
