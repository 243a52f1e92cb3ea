import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { Connection } from '../../functions/tables/dynamo-tables.ts';
import { programFile } from '../../infra/package-layout.ts';
import type { Renewals, StartRenewals, TakenLease } from './lease-renewal.ts';
import { type LeaseLength, renewalEveryMs } from './lease-term.ts';
import { SharedTerm } from './shared-term.ts';
import { SYSTEM_CLOCK } from './system-clock.ts';

export interface LeaseThreadData {
  readonly connection: Connection;
  readonly tableNames: TableNames;
  readonly length: LeaseLength;
  readonly memory: SharedArrayBuffer;
}

/** What the thread is told: the lease that it is to renew from now on, and when to end. */
export type ToLeaseThread = { readonly taken: Omit<TakenLease, 'term'> } | 'end';

/** What it tells: that it can begin, why a renewal failed, and with which token it ended. */
export type FromLeaseThread = 'ready' | { readonly failure: string } | { readonly token: string | null };

/** A thread that renews one lease, with a client of its own. */
export interface LeaseThread extends AsyncDisposable {
  readonly start: StartRenewals;
}

/**
 * Starts a thread that can renew a lease: neither long computations of this thread nor the requests it has in hand then make a renewal late. It is
 * ready when it has reached the table, before the lease is taken.
 *
 * @throws what keeps it from reaching the table.
 */
export async function startLeaseThread(data: Omit<LeaseThreadData, 'memory'>): Promise<LeaseThread> {
  const shared = new SharedTerm();
  const workerData: LeaseThreadData = { ...data, memory: shared.memory };
  // Options of this process are for its own main file.
  const worker = new Worker(programFile('lease worker'), { workerData, execArgv: [] });
  await once(worker, 'message');
  // What is forgotten must not keep the process.
  worker.unref();
  return {
    start: (taken) => renewBy(worker, shared, data.length, taken),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

function renewBy(worker: Worker, shared: SharedTerm, length: LeaseLength, { term, ...taken }: TakenLease): Renewals {
  let failure: unknown;
  const { promise: ended, resolve: end } = Promise.withResolvers<string | null>();
  worker.on('message', (message: FromLeaseThread) => {
    if (message === 'ready') return;
    if ('failure' in message) failure = new Error(message.failure);
    else end(message.token);
  });
  worker.on('error', (error) => {
    failure = error;
    // The row's own token is then found by reading it.
    end(taken.token);
  });
  const tell = (message: ToLeaseThread): void => worker.postMessage(message);
  const beat = (): void => shared.beat(SYSTEM_CLOCK.steadyMs());

  shared.post(term);
  beat();
  const beats = setInterval(beat, renewalEveryMs(length)).unref();
  tell({ taken });
  return {
    term: () => shared.read(),
    failure: () => failure,
    async stop() {
      clearInterval(beats);
      worker.ref();
      tell('end');
      return ended;
    },
  };
}
