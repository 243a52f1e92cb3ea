import type { BatchOfKeys, CapacityRequest } from './capacity-requests.ts';
import type { Refusal } from './throttles.ts';

const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table';

/** What DynamoDB says of a table and of an index (API Reference, TransactWriteItems, "Cancellation reasons"). */
const MESSAGES = {
  ProvisionedThroughputExceededException: {
    table:
      'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
    index:
      'The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API.',
  },
  ThrottlingException: {
    table:
      'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.',
    index:
      'Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling your index so please try again shortly.',
  },
} as const;

/** The error as a type on the wire, the code in a cancelled transaction, and the limit that a reason names. */
const WIRE = {
  ProvisionedThroughputExceededException: {
    type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    code: 'ProvisionedThroughputExceeded',
    limit: 'ProvisionedThroughputExceeded',
    reasons: 'ThrottlingReasons',
  },
  ThrottlingException: {
    type: 'com.amazon.coral.availability#ThrottlingException',
    code: 'ThrottlingError',
    limit: 'MaxOnDemandThroughputExceeded',
    reasons: 'throttlingReasons',
  },
} as const;

const TRANSACTION_CANCELLED = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';

function isIndex({ resource }: Refusal): boolean {
  return resource.includes('/index/');
}

function messageOf(refusal: Refusal): string {
  return MESSAGES[refusal.error][isIndex(refusal) ? 'index' : 'table'];
}

/** The error of a request that is refused whole, with the reason (API Reference, ThrottlingReason). Pure. */
export function throttledAnswer(refusal: Refusal): object {
  const { type, limit, reasons } = WIRE[refusal.error];
  const operation = refusal.kind === 'read' ? 'Read' : 'Write';
  const reason = `${isIndex(refusal) ? 'Index' : 'Table'}${operation}${limit}`;
  return { __type: type, message: messageOf(refusal), [reasons]: [{ reason, resource: `${ARN}/${refusal.resource}` }] };
}

/** The error of a transaction, with a reason for each of its items, in their order. Pure. */
export function cancelledAnswer(refusals: readonly (Refusal | undefined)[]): object {
  const reasons = refusals.map((refusal) => {
    return refusal ? { Code: WIRE[refusal.error].code, Message: messageOf(refusal) } : { Code: 'None' };
  });
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return {
    __type: TRANSACTION_CANCELLED,
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    CancellationReasons: reasons,
  };
}

type RequestItems = NonNullable<CapacityRequest['RequestItems']>;

/** A batch in two: so many items of each table that go on, and the others. A table without items is in neither. Pure. */
export function splitBatch(
  batch: RequestItems,
  admitted: ReadonlyMap<string, number>,
): { readonly passed: RequestItems; readonly left: RequestItems } {
  const part = (choose: <T>(items: readonly T[], count: number) => readonly T[]): RequestItems =>
    Object.fromEntries(
      Object.entries(batch).flatMap(([table, all]) => {
        const isWrites = Array.isArray(all);
        const items = choose(isWrites ? all : (all as BatchOfKeys).Keys, admitted.get(table) ?? 0);
        if (items.length === 0) return [];
        return [[table, isWrites ? items : { ...(all as BatchOfKeys), Keys: items }]];
      }),
    );
  return {
    passed: part((items, count) => items.slice(0, count)),
    left: part((items, count) => items.slice(count)),
  };
}

/** What an answer left undone, with what was never sent. Pure. */
export function joinBatches(one: RequestItems, other: RequestItems): RequestItems {
  const tables = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(
    tables.map((table) => {
      const parts = [one[table], other[table]].filter((part) => part !== undefined);
      const writes = parts.filter((part) => Array.isArray(part));
      if (writes.length > 0) return [table, writes.flat()];
      const keys = parts as readonly BatchOfKeys[];
      return [table, { ...keys[0], Keys: keys.flatMap(({ Keys }) => Keys) }];
    }),
  );
}
