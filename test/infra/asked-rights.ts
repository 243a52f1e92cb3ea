import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';

/** What of a command names a table. */
export interface TableCommand {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly Statements?: readonly { readonly Statement: string }[];
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName: string }>>[];
}

/** A transaction is authorised by the actions of its items (DynamoDB Developer Guide, "IAM permissions for transactions"). */
const ACTION_OF_ITEM: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** Notes the rights that all calls of this client ask for from now on, as `action role` or `action role/index/name`. */
export function noteRights(client: DynamoDBClient, names: TableNames): ReadonlySet<string> {
  const asked = new Set<string>();
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (call) => {
        for (const [action, table] of tablesOf(commandName.replace(/Command$/, ''), call.input as TableCommand)) {
          const [name, ...index] = table.split('/');
          const role = TABLE_ROLES.find((each) => names[each] === name);
          asked.add(`dynamodb:${action} ${[role, ...index].join('/')}`);
        }
        return next(call);
      },
    { step: 'initialize' },
  );
  return asked;
}

/** What of the tables an operation asks for: an action, and a table or `table/index/name`. */
export function tablesOf(action: string, input: TableCommand): [action: string, table: string][] {
  if (input.TransactItems) {
    return input.TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, { TableName }]): [string, string] => [ACTION_OF_ITEM[kind] ?? kind, TableName]),
    );
  }
  if (input.Statements) {
    // Authorised by what each statement does (DynamoDB Developer Guide, "IAM security policies with PartiQL").
    return input.Statements.map(({ Statement }): [string, string] => {
      const [, verb = '', table = ''] = /^\s*(\w+)\s+INTO\s+"([^"]+)"/i.exec(Statement) ?? [];
      return [`PartiQL${verb.charAt(0).toUpperCase()}${verb.slice(1).toLowerCase()}`, table];
    });
  }
  if (input.RequestItems) return Object.keys(input.RequestItems).map((table) => [action, table]);
  return [[action, `${input.TableName}${input.IndexName ? `/index/${input.IndexName}` : ''}`]];
}
