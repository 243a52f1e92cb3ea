import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LocalCloud } from '../../backfill/local/cloud/local-cloud.ts';
import { scanTable } from '../../backfill/local/rehearsal/agreement.ts';
import { TABLE_ROLES } from '../../functions/migration/tables.ts';
import type { Settings } from '../../infra/settings.ts';

const FOLDER = fileURLToPath(new URL('../../.local/crash-runs', import.meta.url));

/** Where what is left of a run is kept, for whoever looks for the cause. */
export function evidenceFolder(seed: number): string {
  return join(FOLDER, `seed-${seed}-${process.pid}`);
}

/** Keeps every table's items, the functions' logs, what the on-failure destination took, and what happened when. */
export async function keepEvidence(
  seed: number,
  cloud: LocalCloud,
  client: DynamoDBClient,
  { tables }: Settings,
  log: readonly string[],
): Promise<void> {
  const folder = evidenceFolder(seed);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(dirname(cloud.onFailureDirectory), join(folder, 'local-cloud'), { recursive: true });
  await writeFile(join(folder, 'story.txt'), `${log.join('\n')}\n`);
  for (const role of TABLE_ROLES) {
    const items = await scanTable(client, tables, role);
    await writeFile(join(folder, `${role}.jsonl`), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  }
}
