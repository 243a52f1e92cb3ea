import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type TableCommand, tablesOf } from '../../backfill/local/rights/asked-rights.ts';
import { TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';

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
