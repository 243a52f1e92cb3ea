import { once } from 'node:events';
import { readSettings } from '../../../infra/settings-file.ts';
import { jsonOf } from '../../json.ts';
import { announceLocalCloud, RUNNING_FOLDER, runningClouds, withdrawLocalCloud } from '../../local-endpoint.ts';
import { commandOf } from '../../next-step.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { requireWritableFolder } from '../../writable-folder.ts';
import { startLocalCloud } from './local-cloud.ts';

export interface LocalCommandOptions {
  readonly env: string;
  readonly export?: string;
  readonly port?: number;
  readonly dir?: string;
  readonly throttles?: boolean;
  readonly json: boolean;
}

/** `local`: a local cloud in the foreground, until interrupted. */
export async function localCommand(options: LocalCommandOptions, stop: AbortSignal): Promise<CommandResult> {
  const settings = readSettings(options.env);
  await requireWritableFolder(
    RUNNING_FOLDER,
    'Run it in a folder that you may write, with the cdk.json of your settings.',
  );
  const cloud = await startLocalCloud({
    settings,
    ...(options.export !== undefined && { exportDirectory: options.export }),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.dir !== undefined && { directory: options.dir }),
    withThrottles: options.throttles ?? false,
    onProgress: (message) => process.stderr.write(`${message}\n`),
  });
  try {
    const { dynamodbUrl: dynamodb, appconfig, services } = cloud;
    const endpoints = { dynamodb, ...(appconfig && { appconfig: appconfig.url }), services: services.url };
    announceLocalCloud(endpoints);
    const others = runningClouds().length - 1;
    if (others > 0) {
      process.stderr.write(
        `${others} more run in this folder. Commands use this one until it stops, then the newest.\n`,
      );
    }
    process.stdout.write(
      `${process.stdout.isTTY && !options.json ? ready() : jsonOf({ ready: true, ...endpoints })}\n`,
    );
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    withdrawLocalCloud();
    await cloud.stop();
  }
  return { exitCode: EXIT.done, document: { stopped: true }, lines: ['The local cloud has stopped.'], next: 'none' };
}

/** For a person; a program gets the endpoints. */
function ready(): string {
  return `The local cloud is up, until Ctrl-C. In another terminal:\nNext: ${commandOf(['preflight'])}`;
}
