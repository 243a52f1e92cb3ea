import { beforeEach, expect, test, vi } from 'vitest';
import { acquireLease, type LeaseOptions } from '../../../backfill/lease/lease.ts';
import { readHolder } from '../../../backfill/lease/lease-row.ts';
import type { Transactions } from '../../../functions/tables/dynamo/transactions.ts';
import { dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';

const LEASE_MS = 60_000;
/** Longer than a busy machine takes for anything. */
const PATIENCE = { timeout: 60_000 };

let transactions: Transactions;
let nowMs: number;
let tokens: number;

beforeEach(async () => {
  transactions = dynamoTables(engineClient(), await createTestTables()).transactions;
  nowMs = 1_800_000_000_000;
  tokens = 0;
});

function options(owner: string, sleep: LeaseOptions['sleep']): LeaseOptions {
  return {
    transactions,
    owner,
    leaseMs: LEASE_MS,
    nowMs: () => nowMs,
    newToken: () => `${owner}-${++tokens}`,
    sleep,
    onWait: () => {},
    stop: new AbortController().signal,
  };
}

/** The heart of a process that was killed, or halted: it never beats again. */
function stopped(_ms: number, signal: AbortSignal): Promise<unknown> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** A heart that beats when told to. */
function manual() {
  let beat = (): void => {};
  const sleep = (_ms: number, signal: AbortSignal): Promise<unknown> =>
    Promise.race([new Promise<void>((resolve) => (beat = resolve)), stopped(0, signal)]);
  return { sleep, beat: () => beat() };
}

function waiting(then: () => Promise<void> = async () => {}): LeaseOptions['sleep'] {
  return async (ms) => {
    nowMs += ms;
    await then();
  };
}

test('a second backfill is refused as soon as the first shows that it is alive, and is told who it is', async () => {
  const heart = manual();
  const first = await acquireLease(options('alice', heart.sleep));
  const before = await readHolder(transactions);

  const second = acquireLease(
    options(
      'bob',
      waiting(async () => {
        heart.beat();
        await vi.waitFor(async () => expect(await readHolder(transactions)).not.toEqual(before), PATIENCE);
      }),
    ),
  );

  await expect(second).rejects.toMatchObject({
    code: 'BACKFILL_RUNNING',
    message: expect.stringMatching(/^alice .*until 20\d\d-/),
  });
  first.requireHeld();
  await first.release();
});

test('the lease of a killed backfill is waited for, and taken over when it runs out', async () => {
  const startMs = nowMs;
  const first = await acquireLease(options('alice', stopped));
  const told: string[] = [];
  let slept = 0;
  const sleep: LeaseOptions['sleep'] = async (ms, signal) => {
    slept += 1;
    // After the takeover the same sleep paces the new holder's own renewals.
    if (nowMs > startMs + LEASE_MS) await stopped(ms, signal);
    nowMs += ms;
  };

  const second = await acquireLease({ ...options('bob', sleep), onWait: (message) => told.push(message) });

  expect(nowMs).toBeGreaterThan(startMs + LEASE_MS);
  expect(slept).toBeGreaterThan(1);
  expect(told).toEqual([expect.stringContaining('alice')]);
  expect(await readHolder(transactions)).toMatchObject({ owner: 'bob' });
  second.requireHeld();
  expect(() => first.requireHeld()).toThrow(expect.objectContaining({ code: 'LEASE_LOST', retryable: true }));
});

test('a backfill that was halted and overtaken finds out by its next renewal, whatever its clock says', async () => {
  const heart = manual();
  const first = await acquireLease(options('alice', heart.sleep));
  nowMs += LEASE_MS + 1;
  await acquireLease(options('bob', stopped));
  nowMs -= LEASE_MS;

  first.requireHeld();
  heart.beat();

  await vi.waitFor(
    () => expect(() => first.requireHeld()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' })),
    PATIENCE,
  );
  await first.release();
  expect(await readHolder(transactions)).toMatchObject({ owner: 'bob' });
});

test('writing ends some time before the lease does', async () => {
  const first = await acquireLease(options('alice', stopped));
  nowMs += LEASE_MS * 0.7;
  first.requireHeld();
  nowMs += LEASE_MS * 0.2;
  expect(() => first.requireHeld()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
});

test('a lease that was given up is there for the next at once', async () => {
  const first = await acquireLease(options('alice', stopped));
  await first.release();
  const startMs = nowMs;

  await acquireLease(options('bob', stopped));

  expect(nowMs).toBe(startMs);
});

test('a holder that failed keeps others out for the reserve: a write whose answer was lost may still land', async () => {
  const first = await acquireLease(options('alice', stopped));
  await first.releaseAfterReserve();
  const startMs = nowMs;
  const sleep: LeaseOptions['sleep'] = async (ms, signal) => {
    if (nowMs > startMs) await stopped(ms, signal);
    nowMs += ms;
  };

  const second = await acquireLease(options('bob', sleep));

  expect(nowMs - startMs).toBeGreaterThanOrEqual(LEASE_MS * 0.2);
  expect(nowMs - startMs).toBeLessThan(LEASE_MS / 3);
  second.requireHeld();
});

test('of two that begin at the same moment one gets it', async () => {
  const bothHaveRead = Promise.withResolvers<void>();
  let reads = 0;
  const together: Transactions = {
    ...transactions,
    async read(keys) {
      const items = await transactions.read(keys);
      reads += 1;
      if (reads === 2) bothHaveRead.resolve();
      await bothHaveRead.promise;
      return items;
    },
  };
  const results = await Promise.allSettled(
    ['alice', 'bob'].map((owner) => acquireLease({ ...options(owner, stopped), transactions: together })),
  );
  expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('Ctrl-C ends the waiting', async () => {
  await acquireLease(options('alice', stopped));
  const stop = new AbortController();
  const second = acquireLease({ ...options('bob', stopped), stop: stop.signal });
  stop.abort();
  await expect(second).rejects.toMatchObject({ name: 'AbortError' });
});
