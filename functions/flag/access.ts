import { AppConfigClient, type AppConfigClientConfig } from '@aws-sdk/client-appconfig';
import { type FlagIds, findFlagIds, findStrategyId } from './ids.ts';
import { flagNames, type Strategy, strategyName } from './names.ts';

/**
 * The flag in AppConfig's control plane: everything that changing it takes.
 *
 * @typeParam Known the strategies whose ids the holder knows.
 */
export interface FlagAccess<Known extends Strategy = Strategy> {
  readonly client: AppConfigClient;
  readonly ids: FlagIds;
  /** AppConfig's id of a deployment strategy. */
  readonly strategyId: (strategy: Known) => Promise<string>;
}

/** Connects to AppConfig's control plane. `config` overrides the SDK's own settings. */
export function connectAppConfig(config: AppConfigClientConfig = {}): AppConfigClient {
  return new AppConfigClient(config);
}

/**
 * Finds an environment's flag by its names.
 *
 * @throws MigrationError FLAG_NOT_DEPLOYED
 */
export async function findFlag(config: AppConfigClientConfig, environmentName: string): Promise<FlagAccess> {
  const client = connectAppConfig(config);
  return {
    client,
    ids: await findFlagIds(client, flagNames(environmentName)),
    strategyId: (strategy) => findStrategyId(client, strategyName(environmentName, strategy)),
  };
}
