/** What of a call names a table. */
export interface TableCommand {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
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

/** What an operation asks of the tables: each an action, without its prefix, and a table or `table/index/name`. */
export function tablesOf(operation: string, input: TableCommand): [action: string, table: string][] {
  if (input.TransactItems) {
    return input.TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, { TableName }]): [string, string] => [ACTION_OF_ITEM[kind] ?? kind, TableName]),
    );
  }
  if (input.RequestItems) return Object.keys(input.RequestItems).map((table) => [operation, table]);
  return [[operation, `${input.TableName}${input.IndexName ? `/index/${input.IndexName}` : ''}`]];
}
