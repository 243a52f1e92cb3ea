import { type FlagAccess, findFlag } from '../../../functions/flag/access.ts';
import type { Settings } from '../../../infra/settings.ts';

/**
 * Opens the read flag of an environment. It needs nothing but AppConfig.
 *
 * @throws MigrationError FLAG_NOT_DEPLOYED; LOCAL_CLOUD_NOT_RUNNING
 */
export async function openFlag({ name, region }: Pick<Settings, 'name' | 'region'>): Promise<FlagAccess> {
  return findFlag(name === 'local' ? await localConfig() : { region }, name);
}

async function localConfig() {
  const { localAppConfigEndpoint, localClientConfig } = await import('../../local-endpoint.ts');
  return localClientConfig(localAppConfigEndpoint());
}
