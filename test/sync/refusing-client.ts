import { type DynamoDBClient, DynamoDBServiceException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { engineClient } from '../engine-client.ts';

/** A request as a rule sees it. */
export interface Request {
  /** Such as `PutItem`. */
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** All of the input, as JSON. */
  readonly text: string;
}

/** What the store makes of a request: the name of an exception, or undefined where it takes it. */
export type Rule = (request: Request) => string | undefined;

/** A client of the engine whose requests are refused by a rule that can be changed, as the service would refuse them. */
export function refusingClient(rule: Rule): DynamoDBClient & { rule: Rule } {
  const client = Object.assign(engineClient(), { rule });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const name = ((context as { commandName?: string }).commandName ?? '').replace(/Command$/, '');
      const input = args.input as Readonly<Record<string, unknown>>;
      const refusal = client.rule({ name, input, text: JSON.stringify(input) });
      if (refusal === undefined) return next(args);
      throw name === 'TransactWriteItems' && refusal === 'ValidationException' ? cancelled() : refused(refusal);
    },
    { step: 'initialize', name: 'refuse', priority: 'high' },
  );
  return client;
}

function refused(name: string): Error {
  const $fault = name === 'InternalServerError' ? 'server' : 'client';
  return new DynamoDBServiceException({ name, $fault, message: 'refused', $metadata: {} });
}

function cancelled(): Error {
  return new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: {},
    CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError', Message: 'refused' }],
  });
}

/** The writes of a request, with the table and the whole of each. */
export function writesOf({
  name,
  input,
}: Request): { readonly table: string; readonly kind: string; readonly text: string }[] {
  if (name === 'TransactWriteItems') {
    const items = input.TransactItems as readonly Readonly<Record<string, { readonly TableName: string }>>[];
    return items.flatMap((item) =>
      Object.entries(item).map(([kind, write]) => ({ table: write.TableName, kind, text: JSON.stringify(write) })),
    );
  }
  if (name === 'BatchWriteItem') {
    const tables = input.RequestItems as Readonly<Record<string, readonly Readonly<Record<string, object>>[]>>;
    return Object.entries(tables).flatMap(([table, requests]) =>
      requests.flatMap((request) =>
        Object.entries(request).map(([kind, write]) => ({
          table,
          kind: kind.replace('Request', ''),
          text: JSON.stringify(write),
        })),
      ),
    );
  }
  if (name !== 'PutItem' && name !== 'DeleteItem') return [];
  return [{ table: input.TableName as string, kind: name.replace('Item', ''), text: JSON.stringify(input) }];
}
