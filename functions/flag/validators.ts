import {
  type AppConfigClient,
  GetConfigurationProfileCommand,
  UpdateConfigurationProfileCommand,
  type Validator,
} from '@aws-sdk/client-appconfig';
import { type FlagIds, profileOf } from './ids.ts';

export type { Validator };

/** What AppConfig asks before it deploys a version of the flag: the gate. */
export async function readValidators(client: AppConfigClient, ids: FlagIds): Promise<readonly Validator[]> {
  const { Validators = [] } = await client.send(new GetConfigurationProfileCommand(profileOf(ids)));
  return Validators;
}

/** Makes AppConfig ask these validators and no others. */
export async function writeValidators(
  client: AppConfigClient,
  ids: FlagIds,
  validators: readonly Validator[],
): Promise<void> {
  await client.send(new UpdateConfigurationProfileCommand({ ...profileOf(ids), Validators: [...validators] }));
}
