import { beforeEach, describe, expect, test } from 'vitest';
import { acquireLease, type LeaseOptions } from '../../../backfill/lease/lease.ts';
import { keepRenewed } from '../../../backfill/lease/lease-renewal.ts';
import { LeaseRow, readHolder } from '../../../backfill/lease/lease-row.ts';
import { mayWrite, type Term, termFromNow } from '../../../backfill/lease/lease-term.ts';
import type { Transactions } from '../../../functions/tables/dynamo/transactions.ts';
import { dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';

const LENGTH = { leaseMs: 6_000, leaseMaxMs: 30_000 };
const START_MS = 1_800_000_000_000;

let transactions: Transactions;
let nowMs: number;
const clock = { nowMs: () => nowMs, steadyMs: () => nowMs };

beforeEach(async () => {
  transactions = dynamoTables(engineClient(), await createTestTables()).transactions;
  nowMs = START_MS;
});

interface Circumstances {
  readonly over?: Transactions;
  /** What befalls before each renewal, in order; it is ended afterwards. */
  readonly events: readonly (() => void | Promise<void>)[];
  readonly isWanted?: () => boolean;
}

/** Renews a lease that was just taken, as often as there are events, and tells the term after each, and why renewals failed. */
async function renewed({ over = transactions, events, isWanted = () => true }: Circumstances) {
  const [owner, identity] = ['alice', 'a'];
  const taken = new LeaseRow(transactions, { owner, identity }, 'taken', null);
  let term = termFromNow(clock, LENGTH.leaseMs);
  await taken.write(term.untilMs);
  const [terms, failures, sleeps]: [Term[], string[], number[]] = [[], [], []];
  const end = new AbortController();
  await keepRenewed({
    row: new LeaseRow(over, { owner, identity }, 'renewed', taken.token),
    board: {
      read: () => term,
      post: (next) => {
        term = next;
      },
    },
    length: LENGTH,
    clock,
    latenessMs: 0,
    async sleep(ms) {
      if (sleeps.length > 0) terms.push(term);
      const event = events[sleeps.length];
      sleeps.push(ms);
      if (event === undefined) {
        end.abort();
        throw new Error('ended');
      }
      nowMs += ms;
      await event();
    },
    end: end.signal,
    isWanted,
    onFailure: (error) => failures.push((error as Error).message),
  });
  return { terms, term, failures, sleeps };
}

const nothing = (): void => {};

describe('a lease is renewed', () => {
  test('after a third of its time, for as long as it is set to', async () => {
    const { terms, sleeps, failures } = await renewed({ events: [nothing, nothing] });
    expect(sleeps).toEqual([2_000, 2_000, 2_000]);
    expect(terms.map(({ untilMs }) => untilMs - START_MS)).toEqual([8_000, 10_000]);
    expect(failures).toEqual([]);
    expect(await readHolder(transactions)).toMatchObject({ owner: 'alice', untilMs: START_MS + 10_000 });
  });

  test('for longer once a renewal was late, and as often as before', async () => {
    const late = (): void => {
      nowMs += 2_500;
    };
    const { terms, sleeps } = await renewed({ events: [late, nothing, nothing] });
    expect(sleeps).toEqual([2_000, 2_000, 2_000, 2_000]);
    expect(terms.map(({ untilMs, reserveMs }) => [untilMs - START_MS, reserveMs])).toEqual([
      [4_500 + 6_000, 1_200],
      [6_500 + 12_500, 2_500],
      [8_500 + 12_500, 2_500],
    ]);
  });

  test('for longer where the table answers late, and never for longer than the most', async () => {
    const slow: Transactions = {
      ...transactions,
      async write(writes) {
        nowMs += 3_000;
        return transactions.write(writes);
      },
    };
    const { terms, sleeps } = await renewed({ over: slow, events: [nothing, nothing] });
    // The first is asked for after 2,000 ms and answered after 3,000 more: 1,800 ms to write in are left, and it is asked again after half of them.
    expect(sleeps.slice(0, 2)).toEqual([2_000, 900]);
    expect(terms.map(({ untilMs }) => untilMs - START_MS)).toEqual([8_000, 5_900 + 15_000]);
  });

  test('although an answer was lost and the client, trying again, is refused by its own effect', async () => {
    const twice: Transactions = {
      ...transactions,
      async write(writes) {
        await transactions.write(writes);
        return transactions.write(writes);
      },
    };
    const { terms, failures } = await renewed({ over: twice, events: [nothing, nothing] });
    expect(failures).toEqual([]);
    expect(terms.map(({ untilMs }) => untilMs - START_MS)).toEqual([8_000, 10_000]);
  });

  test('again after a renewal that failed, whether or not it took effect', async () => {
    let calls = 0;
    const failing: Transactions = {
      ...transactions,
      async write(writes) {
        calls += 1;
        if (calls === 1) await transactions.write(writes);
        if (calls <= 2) throw new Error(`no answer ${calls}`);
        return transactions.write(writes);
      },
    };
    const { terms, failures, sleeps } = await renewed({ over: failing, events: [nothing, nothing, nothing] });
    expect(failures).toEqual(['no answer 1', 'no answer 2']);
    // Sooner each time, since the term goes on.
    expect(sleeps).toEqual([2_000, 1_400, 700, 2_000]);
    expect(terms.map(({ untilMs }) => untilMs - START_MS)).toEqual([6_000, 6_000, 4_100 + 6_000]);
    expect(await readHolder(transactions)).toMatchObject({ untilMs: START_MS + 10_100 });
  });

  test('no longer when another has it', async () => {
    const overtaken = async (): Promise<void> => {
      const token = (await readHolder(transactions))?.token ?? null;
      await new LeaseRow(transactions, { owner: 'bob', identity: 'b' }, 'taken', token).write(nowMs + 6_000);
    };
    const { term, failures } = await renewed({ events: [overtaken] });
    expect(term.untilMs).toBe(0);
    expect(failures).toEqual(['Another backfill has taken the lease over.']);
    expect(await readHolder(transactions)).toMatchObject({ owner: 'bob' });
  });

  test('no longer when it has run out, though nobody took it over', async () => {
    const stopped = (): void => {
      nowMs += 4_000;
    };
    const { term } = await renewed({ events: [stopped] });
    expect(term.untilMs).toBe(0);
    expect(await readHolder(transactions)).toMatchObject({ untilMs: START_MS + 6_000 });
  });

  test('not by an answer that comes after the new term, too, is over', async () => {
    const throttled: Transactions = {
      ...transactions,
      async write(writes) {
        nowMs += LENGTH.leaseMs + 1;
        return transactions.write(writes);
      },
    };
    const { terms, term } = await renewed({ over: throttled, events: [nothing, nothing] });
    expect(terms.map((each) => mayWrite(each, clock))).toEqual([false]);
    expect(term.untilMs).toBe(0);
  });

  test('no longer when its holder shows no more that it is at work: it then runs out', async () => {
    let at = 0;
    const isWanted = (): boolean => {
      at += 1;
      return at < 2;
    };
    const { term, failures } = await renewed({ events: [nothing, nothing], isWanted });
    expect(term.untilMs).toBe(START_MS + 8_000);
    expect(failures).toEqual(['The process that holds the lease does not answer.']);
  });
});

const options: Omit<LeaseOptions, 'transactions'> = {
  ...LENGTH,
  ...clock,
  owner: 'bob',
  newToken: () => 'b',
  sleep: () => new Promise(() => {}),
  onWait: () => {},
  stop: new AbortController().signal,
};

describe('a lease that has run out is taken over', () => {
  test('only as it was read: a holder whose renewal came in between keeps it', async () => {
    const row = new LeaseRow(transactions, { owner: 'alice', identity: 'a' }, 'taken', null);
    await row.write(nowMs);
    const renewedMeanwhile: Transactions = {
      ...transactions,
      async read(keys) {
        const items = await transactions.read(keys);
        await row.write(nowMs + 6_000);
        return items;
      },
    };
    const taken = acquireLease({ ...options, transactions: renewedMeanwhile });
    await expect(taken).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    expect(await readHolder(transactions)).toMatchObject({ owner: 'alice' });
  });

  test('also where the answer was lost and the client, trying again, is refused by its own effect', async () => {
    const twice: Transactions = {
      ...transactions,
      async write(writes) {
        await transactions.write(writes);
        return transactions.write(writes);
      },
    };
    const lease = await acquireLease({ ...options, transactions: twice });
    lease.requireHeld();
    expect(await readHolder(transactions)).toMatchObject({ owner: 'bob' });
  });

  test('for longer where the table is slow to say so', async () => {
    const slow: Transactions = {
      ...transactions,
      async read(keys) {
        nowMs += 2_000;
        return transactions.read(keys);
      },
    };
    const lease = await acquireLease({ ...options, transactions: slow });
    nowMs += 7_500;
    lease.requireHeld();
    nowMs += 600;
    expect(() => lease.requireHeld()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
  });
});
