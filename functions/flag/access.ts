import { AppConfigClient, type AppConfigClientConfig } from '@aws-sdk/client-appconfig';
import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { type FlagIds, readPublishedFlag } from './ids.ts';
import type { Strategy } from './names.ts';

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
 * Finds an environment's flag by the ids that its stacks publish.
 *
 * @param config reaches AppConfig, and Parameter Store too: locally one address serves both.
 * @throws MigrationError FLAG_NOT_DEPLOYED, FLAG_IDS_UNREADABLE
 */
export async function findFlag(
  config: AppConfigClientConfig & SSMClientConfig,
  environmentName: string,
): Promise<FlagAccess> {
  const parameters = new SSMClient(config);
  try {
    const { ids, strategyIds } = await readPublishedFlag(parameters, environmentName);
    return { client: connectAppConfig(config), ids, strategyId: async (strategy) => strategyIds[strategy] };
  } finally {
    parameters.destroy();
  }
}
