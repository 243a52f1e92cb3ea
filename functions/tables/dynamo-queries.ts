import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Item } from '../model/attribute-value.ts';
import type { SortedRange } from './new-reads.ts';
import type { Page } from './old-tables.ts';

/** One page of an index query. A page may be empty and yet have a cursor, where a filter left nothing of it. */
export async function queryPage(
  client: DynamoDBClient,
  input: QueryCommandInput,
  cursor?: Item,
  signal?: AbortSignal,
): Promise<Page<Item>> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({ ...input, ExclusiveStartKey: cursor }),
    { abortSignal: signal },
  );
  return { items: Items as Item[], ...(LastEvaluatedKey && { cursor: LastEvaluatedKey as Item }) };
}

/** The key condition of a range, and its values. A query takes one condition on the sort key, so two bounds are a BETWEEN. */
export function rangeCondition(
  attribute: string,
  range: Pick<SortedRange, 'from' | 'to'>,
): { readonly conditions: readonly string[]; readonly values: Item } {
  const { from, to } = range;
  const values: Item = {
    ...(from !== undefined && { ':from': { S: from } }),
    ...(to !== undefined && { ':to': { S: to } }),
  };
  if (from !== undefined && to !== undefined) return { conditions: [`${attribute} BETWEEN :from AND :to`], values };
  if (from !== undefined) return { conditions: [`${attribute} >= :from`], values };
  return { conditions: to === undefined ? [] : [`${attribute} <= :to`], values };
}
