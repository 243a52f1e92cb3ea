import { type FlagAccess, findFlag } from '../../../functions/flag/access.ts';
import type { Settings } from '../../../infra/settings.ts';
import { localAppConfigEndpoint, localClientConfig } from '../../local-endpoint.ts';

/**
 * Opens the read flag of an environment. It needs nothing but AppConfig.
 *
 * @throws MigrationError FLAG_NOT_DEPLOYED; LOCAL_CLOUD_NOT_RUNNING
 */
export async function openFlag({ name, region }: Pick<Settings, 'name' | 'region'>): Promise<FlagAccess> {
  return findFlag(name === 'local' ? localClientConfig(localAppConfigEndpoint()) : { region }, name);
}
