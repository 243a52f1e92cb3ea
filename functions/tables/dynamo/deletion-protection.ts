import { DescribeTableCommand, type DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';

/**
 * Protects a table from deletion, unless it is protected already.
 *
 * @returns whether that changed anything.
 */
export async function protectFromDeletion(client: DynamoDBClient, tableName: string): Promise<boolean> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  if (Table?.DeletionProtectionEnabled) return false;
  await client.send(new UpdateTableCommand({ TableName: tableName, DeletionProtectionEnabled: true }));
  return true;
}
