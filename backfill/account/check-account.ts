import { type Caller, identifyCaller } from '../../functions/account/caller.ts';
import { readParameter } from '../../functions/account/parameters.ts';
import { describeTables } from '../../functions/tables/dynamo/descriptions.ts';
import type { Connection } from '../../functions/tables/dynamo-tables.ts';
import type { Settings } from '../../infra/settings.ts';
import { settingsParameterName } from '../../infra/settings-digests.ts';
import { localClientConfig, localServicesEndpoint } from '../local-endpoint.ts';
import { nameAwsFailure } from './aws-failure.ts';
import { matchSettings, type SettingsMatch, settingsProblem } from './deployed-settings.ts';
import { ENGINE_ACCOUNT, requireAccount, requireTablesHere } from './which-account.ts';

export interface AccountCheck {
  /** As the tables are now, by role. */
  readonly shapes: Awaited<ReturnType<typeof describeTables>>;
  readonly caller: Caller | undefined;
  readonly settingsMatch: SettingsMatch;
}

interface CheckOptions {
  readonly settings: Settings;
  readonly client: Parameters<typeof describeTables>[0];
  readonly intent: 'read' | 'write';
}

/**
 * Makes sure that the credentials and the tables are of the account and the region that the settings name, and that the
 * settings are those that are deployed. A command that only reads is told of other settings; one that writes is refused.
 *
 * @throws MigrationError ACCOUNT_MISMATCH, TABLE_ELSEWHERE, DEPLOYED_SETTINGS_DIFFER, DEPLOYED_SETTINGS_UNKNOWN; CREDENTIALS_MISSING,
 * CREDENTIALS_REFUSED, AWS_UNREACHABLE, ACCESS_DENIED.
 */
export async function checkAccount({ settings, client, intent }: CheckOptions): Promise<AccountCheck> {
  try {
    const caller = await callerOf(settings);
    const [shapes, settingsMatch] = await Promise.all([describeTables(client, settings.tables), compare(settings)]);
    requireTablesHere(shapes, settings);
    // Before the stack is there, what is missing is the table, and preflight says so.
    const isDeployed = shapes.control !== undefined;
    const problem = isDeployed ? settingsProblem(settingsMatch, settings) : undefined;
    if (problem && intent === 'write') throw problem;
    if (problem) warnOnce(`Warning: ${problem.code}: ${problem.message}`);
    return { shapes, caller, settingsMatch };
  } catch (error) {
    throw nameAwsFailure(error, settings);
  }
}

const warned = new Set<string>();

/** One command may open its environment more than once. */
function warnOnce(warning: string): void {
  if (!warned.has(warning)) process.stderr.write(`${warning}\n`);
  warned.add(warning);
}

/**
 * Asks whose credentials these are, and makes sure that they are of the account that the settings name.
 *
 * @returns undefined on an engine that runs alone: it has no account, and its ARNs say so.
 * @throws MigrationError ACCOUNT_MISMATCH; the SDK's errors.
 */
export async function callerOf(settings: Settings): Promise<Caller | undefined> {
  const config = servicesConfig(settings);
  if (config === undefined) return undefined;
  const caller = await identifyCaller(config);
  requireAccount(caller, settings);
  return caller;
}

async function compare(settings: Settings): Promise<SettingsMatch> {
  const config = servicesConfig(settings);
  if (config === undefined) return { state: 'unknown' };
  return matchSettings(settings, await readParameter(config, settingsParameterName(settings.name)));
}

/** How to reach the services of the account; undefined on an engine that runs alone. */
export function servicesConfig({ name, account, region }: Settings, { endpoint: dynamodb }: Connection = {}) {
  if (account !== ENGINE_ACCOUNT) return { region };
  const endpoint = localServicesEndpoint(dynamodb);
  if (endpoint === undefined) return undefined;
  return name === 'local' ? localClientConfig(endpoint) : { region, endpoint };
}
