import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../backfill/cli.ts', import.meta.url));

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kpi-migrate` to its end, whatever that is. The variables are added to those of this process. */
export function runCli(given: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [CLI, ...given], { env: { ...process.env, ...variables } });
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
  readonly endpoints: Readonly<Record<'AWS_ENDPOINT_URL_DYNAMODB' | 'AWS_ENDPOINT_URL_APPCONFIG', string>>;
}

/** Starts `kpi-migrate local` and waits until it serves. */
export async function startLocalCloud(options: readonly string[]): Promise<LocalCloudProcess> {
  const child = spawn(process.execPath, [CLI, 'local', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { dynamodb, appconfig } = JSON.parse(line);
  return { process: child, endpoints: { AWS_ENDPOINT_URL_DYNAMODB: dynamodb, AWS_ENDPOINT_URL_APPCONFIG: appconfig } };
}
