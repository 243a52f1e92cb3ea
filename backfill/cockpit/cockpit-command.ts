import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Environment, openEnvironment } from '../environment.ts';
import { type CommandResult, EXIT } from '../outcome.ts';
import { perform } from './actions.ts';
import { Feed } from './feed.ts';
import type { ReadCounts } from './samples.ts';
import { startCockpitServer } from './server.ts';

export interface CockpitOptions {
  readonly env: string;
  readonly port?: number;
  readonly readOnly: boolean;
}

/** Time between two looks: AppConfig's control plane and the tables' descriptions have low limits in AWS. */
const LOOK_EVERY_MS = { local: 1_000, aws: 5_000 };

/** `cockpit`: serves the page until interrupted. */
export async function cockpitCommand(options: CockpitOptions, stop: AbortSignal): Promise<CommandResult> {
  await using cockpit = await openCockpit(await openEnvironment(options.env, 'read'), options, stop);
  process.stdout.write(`${cockpit.url}\n`);
  process.stderr.write('Open this address in a browser. It holds the token of this session: keep it to yourself.\n');
  if (!stop.aborted) await once(stop, 'abort');
  return { exitCode: EXIT.done, document: { stopped: true }, lines: ['The cockpit has stopped.'], next: 'none' };
}

/** Serves the page over an environment, until it is disposed of. */
export async function openCockpit(
  environment: Environment,
  { env, port = 0, readOnly }: CockpitOptions,
  stop: AbortSignal,
  reads?: () => ReadCounts,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const everyMs = env === 'local' ? LOOK_EVERY_MS.local : LOOK_EVERY_MS.aws;
  const feed = new Feed({ environment, isReadOnly: readOnly, everyMs, reads, stop: signal });
  const server = await startCockpitServer({
    ...{ feed, isReadOnly: readOnly, port },
    token: randomBytes(24).toString('base64url'),
    perform: (action) => perform(action, env, signal),
  });
  const running = feed.run();
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await Promise.all([running, server.close()]);
    },
  };
}
