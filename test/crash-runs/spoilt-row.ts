import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { scanTable } from '../../backfill/local/rehearsal/agreement.ts';
import type { SeededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { textOf } from '../../functions/model/attribute-value.ts';

/** Changes the value of one row of KpiData behind the protocol's back. @returns the row's id. */
export async function spoilRow(client: DynamoDBClient, names: TableNames, random: SeededRandom): Promise<string> {
  const row = random.pick(await scanTable(client, names, 'kpiData'));
  await client.send(new PutItemCommand({ TableName: names.kpiData, Item: { ...row, post_value: { N: '-471147' } } }));
  return textOf(row, 'id') ?? '';
}
