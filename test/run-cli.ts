import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { programFile } from '../infra/package-layout.ts';

const CLI = programFile('command line');

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  /** By default the current folder. */
  readonly cwd?: string;
  /** Added to those of this process. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Runs `kpi-migrate` to its end, whatever that is. */
export function runCli(given: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runToEnd(process.execPath, [CLI, ...given], { variables });
}

/** Runs a program to its end, whatever that is. */
export function runToEnd(file: string, given: readonly string[], options: ProcessOptions = {}): Promise<Outcome> {
  const { cwd, variables } = options;
  const child = spawn(file, given, { env: { ...process.env, ...variables }, ...(cwd !== undefined && { cwd }) });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', async (exitCode) => {
      const [stdout, stderr] = await output;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** A `kpi-migrate local` that serves. */
export interface LocalCloudProcess {
  readonly process: ChildProcess;
  /** The variables by which the SDK's clients reach it. */
  readonly endpoints: Readonly<
    Record<
      | 'AWS_ENDPOINT_URL_DYNAMODB'
      | 'AWS_ENDPOINT_URL_APPCONFIG'
      | 'AWS_ENDPOINT_URL_STS'
      | 'AWS_ENDPOINT_URL_SSM'
      | 'AWS_ENDPOINT_URL_LAMBDA',
      string
    >
  >;
}

/** Starts `kpi-migrate local` and waits until it serves. */
export function startLocalCloud(options: readonly string[]): Promise<LocalCloudProcess> {
  return startServing(process.execPath, [CLI, 'local', ...options]);
}

/** Starts a program that serves a local cloud, and waits until it does. */
export async function startServing(file: string, given: readonly string[], cwd?: string): Promise<LocalCloudProcess> {
  const child = spawn(file, given, { stdio: ['ignore', 'pipe', 'inherit'], ...(cwd !== undefined && { cwd }) });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { dynamodb, appconfig, services } = JSON.parse(line);
  return {
    process: child,
    endpoints: {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_ENDPOINT_URL_APPCONFIG: appconfig,
      AWS_ENDPOINT_URL_STS: services,
      AWS_ENDPOINT_URL_SSM: services,
      AWS_ENDPOINT_URL_LAMBDA: services,
    },
  };
}
