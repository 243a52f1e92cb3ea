import type { TableRole } from '../functions/migration/tables.ts';
import { describeTables } from '../functions/tables/dynamo/descriptions.ts';
import type { Environment } from './environment.ts';
import type { Progress } from './progress.ts';

/** Tells a progress which tables are to come, each as large as DynamoDB last counted it. */
export async function expectTables(
  { client, settings }: Pick<Environment, 'client' | 'settings'>,
  progress: Progress,
  roles: readonly TableRole[],
): Promise<void> {
  if (progress.expect === undefined) return;
  const shapes = await describeTables(client, settings.tables);
  progress.expect(roles.map((name) => ({ name, total: shapes[name]?.itemCountEstimate })));
}
