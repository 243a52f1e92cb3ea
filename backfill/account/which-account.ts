import type { Caller } from '../../functions/account/caller.ts';
import type { TableRole } from '../../functions/migration/tables.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';
import type { TableShape } from '../../functions/tables/dynamo/descriptions.ts';
import type { Settings } from '../../infra/settings.ts';

/** No account of AWS has it. DynamoDB Local answers for it, whoever asks. */
export const ENGINE_ACCOUNT = '000000000000';
/** The region that DynamoDB Local names in its ARNs. */
const ENGINE_REGION = 'ddblocal';

/** @throws MigrationError ACCOUNT_MISMATCH if the credentials are of another account than the settings name. */
export function requireAccount(caller: Caller, { name, account, region }: Settings): void {
  if (caller.account === account) return;
  throw new MigrationError(
    'ACCOUNT_MISMATCH',
    `Environment ${name} is in account ${account}, region ${region}, but these are the credentials of ${caller.arn} in account ${caller.account}. Nothing was read or written.`,
    { nextStep: `Use credentials of account ${account}, or name the right environment with --env.` },
  );
}

/**
 * Compares where the tables are with where the settings say they are.
 *
 * @param shapes by role, absent where a table does not exist.
 * @throws MigrationError TABLE_ELSEWHERE, which names every table that is somewhere else.
 */
export function requireTablesHere(shapes: Partial<Record<TableRole, TableShape>>, settings: Settings): void {
  const { name, account, region } = settings;
  const elsewhere = Object.values(shapes).filter(({ arn }) => !isIn(arn, settings));
  if (elsewhere.length === 0) return;
  throw new MigrationError(
    'TABLE_ELSEWHERE',
    `Environment ${name} is in account ${account}, region ${region}, but these tables are elsewhere: ${elsewhere.map(({ arn }) => arn).join(', ')}. Nothing was written.`,
    {
      nextStep:
        'Name the right environment with --env, or correct account and region in cdk.json. The old tables must be in the account and the region of the stack.',
    },
  );
}

/** Whether an ARN is of the account and the region of the settings: `arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME`. */
function isIn(arn: string, settings: Settings): boolean {
  const [, , , region, account] = arn.split(':');
  if (account !== settings.account) return false;
  return region === settings.region || (account === ENGINE_ACCOUNT && region === ENGINE_REGION);
}
