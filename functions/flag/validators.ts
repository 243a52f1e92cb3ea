import {
  type AppConfigClient,
  GetConfigurationProfileCommand,
  UpdateConfigurationProfileCommand,
  type Validator,
} from '@aws-sdk/client-appconfig';
import { type FlagIds, profileOf } from './ids.ts';

export type { Validator };

type ProfileIds = Pick<FlagIds, 'applicationId' | 'profileId'>;

/** What AppConfig asks before it deploys a version of the flag: the gate. */
export async function readValidators(client: AppConfigClient, ids: ProfileIds): Promise<readonly Validator[]> {
  const { Validators = [] } = await client.send(new GetConfigurationProfileCommand(profileOf(ids)));
  return Validators;
}

/** Makes AppConfig ask these validators and no others. */
export async function writeValidators(
  client: AppConfigClient,
  ids: ProfileIds,
  validators: readonly Validator[],
): Promise<void> {
  await client.send(new UpdateConfigurationProfileCommand({ ...profileOf(ids), Validators: [...validators] }));
}

/**
 * Makes AppConfig ask this gate and nothing else, unless it does so already.
 *
 * @returns whether that changed anything.
 */
export async function putGateOn(client: AppConfigClient, ids: ProfileIds, gateArn: string): Promise<boolean> {
  const [validator, ...others] = await readValidators(client, ids);
  if (validator?.Type === 'LAMBDA' && validator.Content === gateArn && others.length === 0) return false;
  await writeValidators(client, ids, [{ Type: 'LAMBDA', Content: gateArn }]);
  return true;
}
