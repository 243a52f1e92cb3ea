import { connectFlag } from '../../functions/gate/flag-deployments.ts';
import { type FlagIds, findFlagIds, findStrategyId } from '../../functions/gate/flag-ids.ts';
import type { Settings } from '../../infra/settings.ts';

/** The read flag of an environment, as operators reach it. */
export interface FlagAccess {
  readonly client: ReturnType<typeof connectFlag>;
  readonly ids: FlagIds;
  /** AppConfig's id of the strategy that spreads a change slowly, and of the one that makes it at once. */
  readonly strategyId: (strategy: 'widen' | 'fallback') => Promise<string>;
}

/**
 * Finds the flag by the names that infra/read-flag.ts gives. Needs nothing but AppConfig.
 *
 * @throws MigrationError FLAG_NOT_DEPLOYED; LOCAL_CLOUD_NOT_RUNNING
 */
export async function openFlag({ name, region }: Pick<Settings, 'name' | 'region'>): Promise<FlagAccess> {
  const client = connectFlag(name === 'local' ? await localConfig() : { region });
  const application = `kpi-migration-${name}`;
  return {
    client,
    ids: await findFlagIds(client, { application, environment: 'reads', profile: 'read-path' }),
    strategyId: (strategy) => findStrategyId(client, `${application}-${strategy}`),
  };
}

async function localConfig() {
  const { localAppConfigEndpoint, localClientConfig } = await import('../local/local-endpoint.ts');
  return localClientConfig(localAppConfigEndpoint());
}
