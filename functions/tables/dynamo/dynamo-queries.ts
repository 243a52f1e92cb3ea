import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../model/attribute-value.ts';
import type { SortedRange } from '../new/new-reads.ts';
import type { Page } from '../old/old-tables.ts';
import { eachItem } from '../pages.ts';
import { canExist } from './possible-keys.ts';
import { outlasting } from './retry.ts';

/** What is asked of one partition of a table or an index. */
export interface PartitionQuery {
  readonly tableName: string;
  /** Without one the table itself is read, strongly. */
  readonly indexName?: string;
  /** The partition key's attribute and value. */
  readonly partition: readonly [name: string, value: string];
  readonly sort?: SortCondition | undefined;
  /** An attribute, not of a key, that is to have this text. */
  readonly filter?: readonly [name: string, value: string] | undefined;
  /** The attributes to answer with; all of them where absent. */
  readonly attributes?: readonly string[];
  readonly descending?: boolean;
  /** Items examined a page at most. */
  readonly limit?: number;
}

/** Which part of a partition, by its sort key. A query takes one condition on it, so two bounds are a BETWEEN. */
export type SortCondition =
  | ({ readonly name: string } & Pick<SortedRange, 'from' | 'to'>)
  | { readonly name: string; readonly prefix: string };

/**
 * One page of a query; the only place that sends one. A page may be empty and yet have a cursor, where a filter left nothing of it. A partition
 * that cannot exist is empty.
 */
export async function queryPage(
  client: DynamoDBClient,
  query: PartitionQuery,
  cursor?: Item,
  signal?: AbortSignal,
): Promise<Page<Item>> {
  const { tableName, indexName, partition, sort, filter, attributes, descending, limit } = query;
  const [partitionName, partitionValue] = partition;
  if (!canExist({ [partitionName]: { S: partitionValue } })) return { items: [] };
  const expression = new Expression();
  const input = {
    TableName: tableName,
    ...(indexName === undefined ? { ConsistentRead: true } : { IndexName: indexName }),
    KeyConditionExpression: [expression.equals(partition), ...expression.sortConditions(sort)].join(' AND '),
    ...(filter && { FilterExpression: expression.equals(filter) }),
    ...(attributes && { ProjectionExpression: attributes.map((name) => expression.name(name)).join(', ') }),
    ExpressionAttributeNames: expression.names,
    ExpressionAttributeValues: expression.values,
    ...(descending !== undefined && { ScanIndexForward: !descending }),
    ...(limit !== undefined && { Limit: limit }),
    ExclusiveStartKey: cursor,
  };
  const { Items = [], LastEvaluatedKey } = await outlasting(client, () =>
    client.send(new QueryCommand(input), { abortSignal: signal }),
  );
  return { items: Items as Item[], ...(LastEvaluatedKey && { cursor: LastEvaluatedKey as Item }) };
}

/** All items of a query, page after page. */
export function queryAll(client: DynamoDBClient, query: PartitionQuery, signal?: AbortSignal): AsyncGenerator<Item> {
  return eachItem((cursor) => queryPage(client, query, cursor, signal));
}

/** The names and values of a request's expressions. Every name has a placeholder: any may be a reserved word (Developer Guide, "Reserved words"). */
class Expression {
  readonly names: Record<string, string> = {};
  readonly values: Item = {};

  name(name: string): string {
    this.names[`#${name}`] = name;
    return `#${name}`;
  }

  equals([name, value]: readonly [name: string, value: string]): string {
    return `${this.name(name)} = ${this.#value(name, value)}`;
  }

  sortConditions(sort: SortCondition | undefined): string[] {
    if (sort === undefined) return [];
    if ('prefix' in sort) return [`begins_with(${this.name(sort.name)}, ${this.#value('prefix', sort.prefix)})`];
    const { name, from, to } = sort;
    if (from !== undefined && to !== undefined) {
      return [`${this.name(name)} BETWEEN ${this.#value('from', from)} AND ${this.#value('to', to)}`];
    }
    if (from !== undefined) return [`${this.name(name)} >= ${this.#value('from', from)}`];
    return to === undefined ? [] : [`${this.name(name)} <= ${this.#value('to', to)}`];
  }

  #value(name: string, value: string): string {
    this.values[`:${name}`] = { S: value };
    return `:${name}`;
  }
}
