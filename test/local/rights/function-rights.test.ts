import { expect, test } from 'vitest';
import { type TableCommand, tablesOf } from '../../../backfill/local/rights/asked-rights.ts';
import { functionRights, isAllowed } from '../../../backfill/local/rights/function-rights.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/items';

/** A function with a role, and one with another role, which has a policy of these statements. */
function resourcesWith(...statements: object[]) {
  const lambda = (roleId: string) => ({
    Type: 'AWS::Lambda::Function',
    Properties: { Role: { 'Fn::GetAtt': [roleId, 'Arn'] } },
  });
  return {
    Function: lambda('Role'),
    Other: lambda('OtherRole'),
    Role: { Type: 'AWS::IAM::Role', Properties: {} },
    OtherRole: { Type: 'AWS::IAM::Role', Properties: {} },
    Table: { Type: 'AWS::DynamoDB::GlobalTable', Properties: { TableName: 'made' } },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyDocument: { Statement: statements }, Roles: [{ Ref: 'Role' }] },
    },
  };
}

const allow = (Action: unknown, Resource: unknown) => ({ Effect: 'Allow', Action, Resource });

test.each([
  ['the action and the table', allow('dynamodb:GetItem', TABLE), 'GetItem items', true],
  ['another action', allow('dynamodb:GetItem', TABLE), 'BatchGetItem items', false],
  ['another table', allow('dynamodb:GetItem', TABLE), 'GetItem items2', false],
  ['one of several', allow(['dynamodb:Query', 'dynamodb:GetItem'], ['*', TABLE]), 'GetItem items', true],
  ['an index, by its table alone', allow('dynamodb:Query', TABLE), 'Query items/index/by-kpi', false],
  ['an index', allow('dynamodb:Query', `${TABLE}/index/by-kpi`), 'Query items/index/by-kpi', true],
  ['any index', allow('dynamodb:Query', `${TABLE}/index/*`), 'Query items/index/by-kpi', true],
  ['any action', allow('dynamodb:*', TABLE), 'PutItem items', true],
  ['a table of the stack', allow('dynamodb:PutItem', { 'Fn::GetAtt': ['Table', 'Arn'] }), 'PutItem made', true],
  ['a stream', allow('dynamodb:*', { 'Fn::GetAtt': ['Table', 'StreamArn'] }), 'GetItem made', false],
  ['another service', allow('s3:GetObject', '*'), 'GetItem items', false],
])('of a policy that names %s', (_, statement, asked, expected) => {
  const rights = functionRights(resourcesWith(statement));
  const [action = '', table = ''] = asked.split(' ');
  expect(isAllowed(rights.get('Function') ?? [], action, table)).toBe(expected);
  expect(isAllowed(rights.get('Other') ?? [], action, table)).toBe(false);
});

test('policies of the role itself count', () => {
  const inline = { Policies: [{ PolicyDocument: { Statement: [allow('dynamodb:GetItem', TABLE)] } }] };
  const rights = functionRights({ ...resourcesWith(), Role: { Type: 'AWS::IAM::Role', Properties: inline } });
  expect(rights.get('Function')).toEqual(['GetItem items']);
});

test.each([
  { Effect: 'Deny', Action: 'dynamodb:PutItem', Resource: TABLE },
  { ...allow('dynamodb:PutItem', TABLE), Condition: { Bool: {} } },
  { Effect: 'Allow', NotAction: 'dynamodb:PutItem', Resource: TABLE },
  { Effect: 'Allow', Action: 'dynamodb:PutItem', NotResource: TABLE },
])('a statement that is not followed here is refused: %o', (statement) => {
  expect(() => functionRights(resourcesWith(statement))).toThrow(
    expect.objectContaining({ code: 'TEMPLATE_UNREADABLE' }),
  );
});

test('a transaction asks for the actions of its items, a batch for its own', () => {
  const TransactItems: TableCommand['TransactItems'] = [
    { Put: { TableName: 'a' } },
    { ConditionCheck: { TableName: 'b' } },
  ];
  expect(tablesOf('TransactWriteItems', { TransactItems })).toEqual([
    ['PutItem', 'a'],
    ['ConditionCheckItem', 'b'],
  ]);
  expect(tablesOf('BatchGetItem', { RequestItems: { a: {}, b: {} } })).toEqual([
    ['BatchGetItem', 'a'],
    ['BatchGetItem', 'b'],
  ]);
  expect(tablesOf('Query', { TableName: 'a', IndexName: 'i' })).toEqual([['Query', 'a/index/i']]);
});
