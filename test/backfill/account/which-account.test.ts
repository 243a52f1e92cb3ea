import { describe, expect, test } from 'vitest';
import { requireAccount, requireTablesHere } from '../../../backfill/account/which-account.ts';
import { TABLE_ROLES, type TableRole } from '../../../functions/migration/tables.ts';
import type { TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { settingsWith } from '../../infra/synthesis.ts';

const settings = settingsWith();
const HERE = 'arn:aws:dynamodb:eu-west-1:123456789012:table';

function shapesAt(arns: Partial<Record<TableRole, string>>) {
  const shapes = TABLE_ROLES.map((role) => [role, { arn: arns[role] ?? `${HERE}/${role}` }]);
  return Object.fromEntries(shapes) as Record<TableRole, TableShape>;
}

test('credentials of the account of the settings pass', () => {
  expect(() => requireAccount({ account: '123456789012', arn: 'arn' }, settings)).not.toThrow();
});

test.each(['210987654321', '000000000000', ''])('credentials of account "%s" do not', (account) => {
  const arn = `arn:aws:sts::${account}:assumed-role/Operator/ada`;
  expect(() => requireAccount({ account, arn }, settings)).toThrow(
    expect.objectContaining({
      code: 'ACCOUNT_MISMATCH',
      retryable: false,
      message: expect.stringMatching(new RegExp(`test.*123456789012.*eu-west-1.*${arn}`)),
      nextStep: expect.stringContaining('--env'),
    }),
  );
});

describe('the ARNs of the tables', () => {
  test.each([
    ['are of the account and the region', {}],
    ['are of another partition, which the region says already', { people: HERE.replace('aws', 'aws-cn') }],
  ])('pass where they %s', (_name, arns) => {
    expect(() => requireTablesHere(shapesAt(arns), settings)).not.toThrow();
  });

  test.each([
    ['another account', 'arn:aws:dynamodb:eu-west-1:999999999999:table/kpis'],
    ['another region', 'arn:aws:dynamodb:us-east-1:123456789012:table/kpis'],
    ['DynamoDB Local', 'arn:aws:dynamodb:ddblocal:000000000000:table/kpis'],
    ['a region of DynamoDB Local beside a real account', 'arn:aws:dynamodb:ddblocal:123456789012:table/kpis'],
    ['nowhere', ''],
  ])('do not pass where one is of %s', (_name, arn) => {
    expect(() => requireTablesHere(shapesAt({ kpis: arn }), settings)).toThrow(
      expect.objectContaining({ code: 'TABLE_ELSEWHERE', message: expect.stringContaining(arn) }),
    );
  });

  test('of DynamoDB Local pass for the account that it answers for', () => {
    const engine = settingsWith({ account: '000000000000' });
    const arns = TABLE_ROLES.map((role) => [role, `arn:aws:dynamodb:ddblocal:000000000000:table/${role}`]);
    expect(() => requireTablesHere(shapesAt(Object.fromEntries(arns)), engine)).not.toThrow();
  });

  test('are not asked of tables that do not exist', () => {
    expect(() => requireTablesHere({}, settings)).not.toThrow();
  });
});
