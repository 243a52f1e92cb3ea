import type { AppConfigClient } from '@aws-sdk/client-appconfig';
import { type FlagDeployment, listDeployments } from './deployments.ts';
import type { FlagContent } from './document.ts';
import type { FlagIds } from './ids.ts';
import { listFlagVersions, readFlagVersion } from './versions.ts';

/** A deployment of the flag, with what it deployed and who created that version. */
export interface FlagHistoryEntry extends FlagDeployment {
  /** From the version's description; `unknown` if it has none. */
  readonly by: string;
  /** Absent if the content cannot be understood. */
  readonly flag?: FlagContent;
}

/** All deployments of the flag, oldest first. */
export async function readFlagHistory(client: AppConfigClient, ids: FlagIds): Promise<FlagHistoryEntry[]> {
  const authors = new Map<number, string>();
  for await (const { VersionNumber, Description } of listFlagVersions(client, ids)) {
    if (VersionNumber !== undefined && Description) authors.set(VersionNumber, Description);
  }
  const flags = new Map<number, FlagContent | undefined>();
  const history: FlagHistoryEntry[] = [];
  for (const deployment of (await listDeployments(client, ids)).reverse()) {
    const { version } = deployment;
    if (!flags.has(version)) flags.set(version, await readFlagVersion(client, ids, version));
    const flag = flags.get(version);
    history.push({ ...deployment, by: authors.get(version) ?? 'unknown', ...(flag && { flag }) });
  }
  return history;
}

/**
 * When reads went back to the old tables: the last completed deployment disabled the flag, and an earlier one had enabled
 * it.
 *
 * @returns ISO 8601; undefined if the flag is enabled, or has never been.
 */
export async function readFellBackAt(client: AppConfigClient, ids: FlagIds): Promise<string | undefined> {
  const deployments = await listDeployments(client, ids);
  const at = deployments.findIndex(({ state }) => state === 'COMPLETE');
  const inForce = deployments[at];
  if (inForce === undefined || (await readFlagVersion(client, ids, inForce.version))?.enabled !== false)
    return undefined;
  for (const { version } of deployments.slice(at + 1)) {
    if ((await readFlagVersion(client, ids, version))?.enabled) return inForce.completedAt ?? inForce.startedAt;
  }
  return undefined;
}
