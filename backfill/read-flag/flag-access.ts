import { connectFlag } from '../../functions/gate/flag-deployments.ts';
import { type FlagIds, findFlagIds, findStrategyId } from '../../functions/gate/flag-ids.ts';
import type { Settings } from '../../infra/settings.ts';

/** The names that infra/read-flag.ts gives within the application. */
export const FLAG_NAMES = { environment: 'reads', profile: 'read-path' } as const;

/** The application's name: AppConfig's names are the account's, so it bears that of the environment. */
export function flagApplication(environmentName: string): string {
  return `kpi-migration-${environmentName}`;
}

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
  return openFlagAt(name === 'local' ? await localConfig() : { region }, name);
}

/** The same where the caller knows how AppConfig is reached. */
export async function openFlagAt(
  config: Parameters<typeof connectFlag>[0],
  environmentName: string,
): Promise<FlagAccess> {
  const client = connectFlag(config);
  const application = flagApplication(environmentName);
  return {
    client,
    ids: await findFlagIds(client, { application, ...FLAG_NAMES }),
    strategyId: (strategy) => findStrategyId(client, `${application}-${strategy}`),
  };
}

async function localConfig() {
  const { localAppConfigEndpoint, localClientConfig } = await import('../local/local-endpoint.ts');
  return localClientConfig(localAppConfigEndpoint());
}
