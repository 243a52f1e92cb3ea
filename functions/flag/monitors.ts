import {
  type AppConfigClient,
  GetEnvironmentCommand,
  type Monitor,
  UpdateEnvironmentCommand,
} from '@aws-sdk/client-appconfig';
import type { FlagIds } from './ids.ts';

export type { Monitor };

/** The alarms that take a deployment of the flag back while it is in progress. */
export async function readMonitors(client: AppConfigClient, ids: FlagIds): Promise<readonly Monitor[]> {
  const { Monitors = [] } = await client.send(new GetEnvironmentCommand(environmentOf(ids)));
  return Monitors;
}

/** Has the environment watch these alarms and no others. */
export async function writeMonitors(
  client: AppConfigClient,
  ids: FlagIds,
  monitors: readonly Monitor[],
): Promise<void> {
  await client.send(new UpdateEnvironmentCommand({ ...environmentOf(ids), Monitors: [...monitors] }));
}

function environmentOf(ids: FlagIds) {
  return { ApplicationId: ids.applicationId, EnvironmentId: ids.environmentId };
}
