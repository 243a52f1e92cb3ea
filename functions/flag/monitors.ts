import {
  type AppConfigClient,
  GetEnvironmentCommand,
  type Monitor,
  UpdateEnvironmentCommand,
} from '@aws-sdk/client-appconfig';
import { environmentOf, type FlagIds } from './ids.ts';

export type { Monitor };

/** The alarms that roll back a deployment of the flag while it is in progress. */
export async function readMonitors(client: AppConfigClient, ids: FlagIds): Promise<readonly Monitor[]> {
  const { Monitors = [] } = await client.send(new GetEnvironmentCommand(environmentOf(ids)));
  return Monitors;
}

/** Makes the environment watch these alarms and no others. */
export async function writeMonitors(
  client: AppConfigClient,
  ids: FlagIds,
  monitors: readonly Monitor[],
): Promise<void> {
  await client.send(new UpdateEnvironmentCommand({ ...environmentOf(ids), Monitors: [...monitors] }));
}
