import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationError } from '../../functions/model/migration-error.ts';

const RUNNING_FILE = fileURLToPath(new URL('../../.local/running.json', import.meta.url));

interface Running {
  readonly pid: number;
  readonly dynamodb: string;
}

/** How any client reaches the local cloud. DynamoDB Local takes any key of letters and digits. */
export function localClientConfig(url: string) {
  return {
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}

/** The same for a child process, by the variables that the SDK reads. */
export function localClientEnvironment(url: string): Record<string, string> {
  const { endpoint, region, credentials } = localClientConfig(url);
  return {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/** Lets other commands find this process's local cloud. */
export function announceLocalCloud(dynamodb: string): void {
  const running: Running = { pid: process.pid, dynamodb };
  mkdirSync(dirname(RUNNING_FILE), { recursive: true });
  writeFileSync(RUNNING_FILE, JSON.stringify(running));
}

/** Takes back what was announced, unless another local cloud has announced itself since. */
export function withdrawLocalCloud(): void {
  if (readRunning()?.pid === process.pid) rmSync(RUNNING_FILE, { force: true });
}

/**
 * The DynamoDB endpoint of the local cloud: AWS_ENDPOINT_URL_DYNAMODB where it is set, else that of `kpi-migrate local`.
 *
 * @throws MigrationError LOCAL_CLOUD_NOT_RUNNING
 */
export function localEndpoint(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  if (environment.AWS_ENDPOINT_URL_DYNAMODB) return environment.AWS_ENDPOINT_URL_DYNAMODB;
  const running = readRunning();
  if (running === undefined || !isAlive(running.pid)) {
    throw new MigrationError('LOCAL_CLOUD_NOT_RUNNING', 'No local cloud is running.', {
      nextStep: 'In another terminal: npm run -s kpi-migrate -- local --export backfill/local/sample',
    });
  }
  return running.dynamodb;
}

function readRunning(): Running | undefined {
  try {
    return JSON.parse(readFileSync(RUNNING_FILE, 'utf8'));
  } catch {
    // Absent, or half written by a process that was killed: as good as none.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
