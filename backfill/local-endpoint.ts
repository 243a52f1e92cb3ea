import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { MigrationError } from '../functions/model/migration-error.ts';
import { shellWord } from '../functions/model/shell-word.ts';
import { commandLine, SAMPLE_EXPORT } from '../infra/package-layout.ts';

/** Beside the settings: commands find the local clouds that were started in the same folder. Each has a file, by process. */
export const RUNNING_FOLDER = resolve('.local/running');

/** Where the parts of a local cloud listen. */
export interface LocalEndpoints {
  readonly dynamodb: string;
  /** Control plane and data plane; absent where the stack has no flag. */
  readonly appconfig?: string;
  /** STS, Systems Manager, CloudWatch, Application Auto Scaling and Lambda's list of event source mappings. */
  readonly services?: string;
}

interface Running extends LocalEndpoints {
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
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
export function localClientEnvironment(
  dynamodbUrl: string,
  appconfigUrl?: string,
  servicesUrl?: string,
): Record<string, string> {
  const { endpoint, region, credentials } = localClientConfig(dynamodbUrl);
  return {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoint,
    ...(appconfigUrl !== undefined && {
      AWS_ENDPOINT_URL_APPCONFIG: appconfigUrl,
      AWS_ENDPOINT_URL_APPCONFIGDATA: appconfigUrl,
    }),
    ...(servicesUrl !== undefined && servicesVariables(servicesUrl)),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/** The variables by which the SDK's clients find the stand-ins for the services of an account. */
export function servicesVariables(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_STS: url,
    AWS_ENDPOINT_URL_SSM: url,
    AWS_ENDPOINT_URL_LAMBDA: url,
    AWS_ENDPOINT_URL_CLOUDWATCH: url,
    AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: url,
  };
}

/** Lets other commands find this process's local cloud. They use the newest of those that run. */
export function announceLocalCloud(endpoints: LocalEndpoints): void {
  const running: Running = { pid: process.pid, startedAtMs: Date.now(), ...endpoints };
  mkdirSync(RUNNING_FOLDER, { recursive: true });
  writeFileSync(fileOf(process.pid), JSON.stringify(running));
}

/** Takes back what was announced. If others run, commands use the newest of these from now on. */
export function withdrawLocalCloud(): void {
  rmSync(fileOf(process.pid), { force: true });
}

function fileOf(pid: number): string {
  return join(RUNNING_FOLDER, `${pid}.json`);
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The DynamoDB endpoint of the local cloud: AWS_ENDPOINT_URL_DYNAMODB where it is set, else that of `kpi-migrate local`.
 *
 * @throws MigrationError LOCAL_CLOUD_NOT_RUNNING
 */
export function localEndpoint(environment: Variables = process.env): string {
  return environment.AWS_ENDPOINT_URL_DYNAMODB || runningCloud().dynamodb;
}

/**
 * The AppConfig endpoint of the local cloud: AWS_ENDPOINT_URL_APPCONFIG where it is set, else that of `kpi-migrate local`.
 *
 * @throws MigrationError LOCAL_CLOUD_NOT_RUNNING
 */
export function localAppConfigEndpoint(environment: Variables = process.env): string {
  const { AWS_ENDPOINT_URL_APPCONFIG: given, AWS_ENDPOINT_URL_DYNAMODB: dynamodb } = environment;
  if (given) return given;
  // The flag of another local cloud says nothing of the readers of these tables.
  const cloud = dynamodb ? runningClouds().find((each) => each.dynamodb === dynamodb) : runningCloud();
  return cloud?.appconfig ?? notRunning();
}

/**
 * The endpoint of the local cloud's services: AWS_ENDPOINT_URL_STS where it is set, else that of the `kpi-migrate local`
 * whose engine is used. Undefined for an engine that runs alone.
 */
export function localServicesEndpoint(
  dynamodbUrl: string | undefined,
  environment: Variables = process.env,
): string | undefined {
  if (environment.AWS_ENDPOINT_URL_STS) return environment.AWS_ENDPOINT_URL_STS;
  const dynamodb = dynamodbUrl ?? localEndpoint(environment);
  return runningClouds().find((running) => running.dynamodb === dynamodb)?.services;
}

function runningCloud(): Running {
  return runningClouds()[0] ?? notRunning();
}

/** The local clouds that run in this folder, newest first. */
export function runningClouds(): Running[] {
  return readAnnounced()
    .filter(({ pid }) => isAlive(pid))
    .sort((left, right) => right.startedAtMs - left.startedAtMs);
}

function notRunning(): never {
  throw new MigrationError('LOCAL_CLOUD_NOT_RUNNING', 'No local cloud is running.', {
    nextStep: `Start one in another terminal: ${commandLine(`local --export ${shellWord(relative('', SAMPLE_EXPORT))}`)}`,
  });
}

function readAnnounced(): Running[] {
  let names: string[];
  try {
    names = readdirSync(RUNNING_FOLDER);
  } catch {
    // Nobody has ever started one here.
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(RUNNING_FOLDER, name), 'utf8'))];
    } catch {
      // Withdrawn meanwhile, or half written by a process that was killed: as good as none.
      return [];
    }
  });
}

/** Whether there is a process of this id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
