import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { readProtoAttributes } from '../../../functions/tables/dynamo/lossless-answers.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { LOCAL_CLOUD_PACKAGES, requirePackages } from '../../../infra/requirements.ts';
import type { Settings } from '../../../infra/settings.ts';
import { localClientConfig, localClientEnvironment } from '../../local-endpoint.ts';
import { requireWritableFolder } from '../../writable-folder.ts';
import { type AppConfig, startAppConfig } from '../appconfig/start-app-config.ts';
import type { InvokeValidator } from '../appconfig/validators.ts';
import { loadExport, openExport } from '../export/load-export.ts';
import { startRightsFront } from '../rights/rights-front.ts';
import { type Services, startServices } from '../services/start-services.ts';
import { startDatabase } from '../throttles/start-database.ts';
import type { Throttles } from '../throttles/throttles.ts';
import { createTables, hostFunctions, putGuardsOn, turnStreamOn } from './deploy.ts';
import { requireEngine } from './engine.ts';
import { Executions } from './executions.ts';
import { lockFolder } from './folder-lock.ts';
import type { BusyProcess, FunctionHost } from './function-host.ts';
import { fileCheckpoints } from './mapping-checkpoints.ts';
import { oldTableSchemas } from './old-table-schemas.ts';
import { keepDiscarded } from './on-failure.ts';
import { startSchedules } from './schedules.ts';
import { dynamoStreamSource } from './stream-source.ts';
import { SwitchedMapping } from './switched-mapping.ts';
import { synthesise } from './synthesise.ts';
import type { Stack } from './template.ts';

export interface LocalCloudOptions {
  readonly settings: Settings;
  /** What the old tables begin with; they begin empty without it. Passed over where `directory` has tables already. */
  readonly exportDirectory?: string;
  /** The engine's; a free one is chosen where it is absent. */
  readonly port?: number;
  /** Keeps everything over a restart; without it nothing outlives the local cloud. */
  readonly directory?: string;
  /** How many times faster than AppConfig's the deployments of the flag run; 60 where it is absent: a minute is a second. */
  readonly flagTimeScale?: number;
  /** The stack of these settings in the folder of its bundles, where that is there already; it is synthesised without it. */
  readonly synthesised?: { readonly stack: Stack; readonly assembly: string };
  /** Puts a server before the engine, so that tables can be throttled and what they serve is measured. Each request takes longer. */
  readonly withThrottles?: boolean;
  readonly onProgress: (message: string) => void;
}

const FLAG_TIME_SCALE_DEFAULT = 60;

/** The engine with the stack's tables, functions and event source mappings. */
export interface LocalCloud {
  readonly dynamodbUrl: string;
  readonly clientConfig: ReturnType<typeof localClientConfig>;
  /** AppConfig's stand-in; absent where the stack has no flag. */
  readonly appconfig?: Omit<AppConfig, 'stop'>;
  readonly services: Omit<Services, 'stop'>;
  /** Throttles tables from now on, or no longer; absent where nothing stands before the engine. */
  readonly throttles?: Throttles;
  /** Has Lambda refuse to invoke the flag's gate, as at reserved concurrency 0, or no longer. */
  throttleGate(isThrottled: boolean): void;
  /** Folder that stands for the bucket of the on-failure destination. */
  readonly onFailureDirectory: string;
  /** What functions asked of tables and may not, once each: `function action table`. */
  readonly denied: () => readonly string[];
  readonly functions: { killAll(signal: NodeJS.Signals): void; busy(): BusyProcess[] };
  readonly mappings: {
    /** Waits until all that is on the streams now has been delivered. */
    drained(): Promise<void>;
    counters(): { readonly records: number };
  };
  /** Invokes the functions that are scheduled every minute, without waiting for the minute. */
  runSchedules(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a local cloud.
 *
 * @throws MigrationError PACKAGES_MISSING, FOLDER_UNUSABLE, PORT_BUSY, PORT_FORBIDDEN, JAVA_MISSING, JAVA_TOO_OLD or EXPORT_UNREADABLE before
 * anything is started; ENGINE_FAILED; SYNTHESIS_FAILED, TEMPLATE_UNREADABLE.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  requirePackages(LOCAL_CLOUD_PACKAGES);
  const { settings, onProgress } = options;
  await requireFolders(options.directory);
  await requireEngine(options.port);
  const exported = options.exportDirectory && (await openExport(options.exportDirectory, settings.tables));
  await using starting = new AsyncDisposableStack();

  const directory = resolve(options.directory ?? (await mkdtemp(join(tmpdir(), 'kpi-migrate-'))));
  if (options.directory === undefined) starting.defer(() => rm(directory, { recursive: true, force: true }));
  starting.use(await lockFolder(directory));
  const folder = (name: string): string => join(directory, name);
  await Promise.all(['logs', 'on-failure', 'assembly'].map((name) => mkdir(folder(name), { recursive: true })));

  onProgress('Starting DynamoDB Local and synthesising the stack.');
  const assembly = options.synthesised?.assembly ?? folder('assembly');
  const synthesis = options.synthesised?.stack ?? synthesise(settings, assembly);
  const {
    url: dynamodbUrl,
    throttles,
    ...engine
  } = await startDatabase({
    ...(options.port !== undefined && { port: options.port }),
    ...(options.directory !== undefined && { directory: folder('engine') }),
    withThrottles: options.withThrottles ?? false,
  });
  starting.defer(() => engine.stop());
  const clientConfig = localClientConfig(dynamodbUrl);
  const client = connect(clientConfig);
  starting.defer(() => client.destroy());

  const loaded = folder('loaded');
  if (!existsSync(loaded)) {
    await createTables(client, oldTableSchemas(settings.tables));
    if (exported) {
      onProgress(`Loading the old tables from ${options.exportDirectory}.`);
      await loadExport(client, exported);
    }
    await writeFile(loaded, new Date().toISOString());
  }
  const stack = await synthesis;
  await createTables(client, stack.tables);
  let isGateThrottled = false;
  const appconfig = await startFlag(stack, options, directory, async (event, functionId) => {
    // What AppConfig makes of it is documented nowhere; Lambda's own answer is "Rate Exceeded." (Lambda API, Invoke).
    if (isGateThrottled) throw new Error('Rate Exceeded.');
    const host = hosts.get(functionId);
    if (host === undefined) throw new Error(`The stack has no function ${functionId}.`);
    return host.invoke(event);
  });
  if (appconfig) starting.defer(() => appconfig.stop());
  const mappings: SwitchedMapping[] = [];
  const hosts = new Map<string, FunctionHost>();
  const executions = new Executions(stack.stateMachines, hosts, Date.now);
  const services = await startServices({
    account: settings.account,
    parameters: stack.parameters,
    mappings: () => mappings,
    executions,
    ...(throttles && { throttles }),
    nowMs: Date.now,
  });
  starting.defer(() => services.stop());
  const rightsFront = await startRightsFront(dynamodbUrl, stack.rights);
  starting.defer(() => rightsFront.stop());
  const environment = localClientEnvironment(rightsFront.url, appconfig?.url, services.url);
  for (const [id, host] of hostFunctions(stack, { assembly, logs: folder('logs') }, environment)) hosts.set(id, host);
  starting.defer(async () => {
    executions.stopAll();
    await Promise.all([...hosts.values()].map((host) => host.stop()));
  });
  for (const guards of stack.guards) await putGuardsOn(guards, hosts);
  onProgress('Turning the streams on and starting the event source mappings.');
  mappings.push(...(await startMappings(stack, hosts, clientConfig, folder)));
  starting.defer(async () => {
    const stopped = Promise.all(mappings.map((mapping) => mapping.stop()));
    for (const host of hosts.values()) host.killAll('SIGKILL');
    await stopped;
  });

  const schedules = await startSchedules(stack.schedules, hosts, onProgress);
  starting.defer(() => schedules.stop());

  const running = starting.move();
  return {
    dynamodbUrl,
    ...(throttles && { throttles }),
    clientConfig,
    ...(appconfig && { appconfig }),
    services,
    throttleGate(isThrottled) {
      isGateThrottled = isThrottled;
    },
    onFailureDirectory: folder('on-failure'),
    denied: rightsFront.denied,
    functions: {
      killAll(signal) {
        for (const host of hosts.values()) host.killAll(signal);
      },
      busy: () => [...hosts.values()].flatMap((host) => host.busy()),
    },
    mappings: {
      async drained() {
        await Promise.all(mappings.map((mapping) => mapping.drained()));
      },
      counters: () => ({ records: mappings.reduce((sum, mapping) => sum + mapping.recordCount, 0) }),
    },
    runSchedules: schedules.run,
    stop: () => running.disposeAsync(),
  };
}

/** What is written goes to one of these, and to the engine's own temporary files. */
async function requireFolders(directory: string | undefined): Promise<void> {
  await requireWritableFolder(tmpdir(), 'Name a folder that you may write in the environment variable TMPDIR.');
  if (directory !== undefined) {
    await requireWritableFolder(directory, 'Choose another folder with --dir, or run it without --dir.');
  }
}

/** AppConfig's stand-in, where the stack has a flag; it asks the stack's own gate. */
async function startFlag(
  { appConfig: initial, parameters }: Stack,
  { flagTimeScale = FLAG_TIME_SCALE_DEFAULT }: LocalCloudOptions,
  directory: string,
  invokeValidator: InvokeValidator,
): Promise<AppConfig | undefined> {
  if (initial === undefined) return undefined;
  return startAppConfig({
    initial,
    parameters,
    invokeValidator,
    nowMs: Date.now,
    timeScale: flagTimeScale,
    directory,
  });
}

async function startMappings(
  stack: Stack,
  hosts: ReadonlyMap<string, FunctionHost>,
  clientConfig: ReturnType<typeof localClientConfig>,
  folder: (name: string) => string,
): Promise<SwitchedMapping[]> {
  const client = new DynamoDBStreamsClient(clientConfig);
  readProtoAttributes(client);
  const arns = new Map(
    await Promise.all(stack.streams.map(async (stream) => [stream.id, await turnStreamOn(stream, hosts)] as const)),
  );
  return stack.mappings.map((limits) => {
    return new SwitchedMapping(limits, {
      limits,
      source: dynamoStreamSource(client, arns.get(limits.streamId) ?? ''),
      invoke: async (event) => hosts.get(limits.functionId)?.invoke(event),
      checkpoints: fileCheckpoints(folder(`checkpoints/${limits.id}.json`)),
      onFailure: (discarded) =>
        keepDiscarded(folder('on-failure'), limits.id, limits.functionId, discarded, new Date()),
      nowMs: Date.now,
    });
  });
}
