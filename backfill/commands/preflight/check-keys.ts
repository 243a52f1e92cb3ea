import { TABLE_ROLES, TABLES, type TableRole } from '../../../functions/migration/tables.ts';
import type { TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { keyOfTable, type Settings } from '../../../infra/settings.ts';
import type { Finding } from './preflight.ts';

/**
 * Compares the keys that encrypt the tables with those that the settings name. The functions get the right to use the keys
 * of the settings and no others. Pure.
 */
export function checkKeys(
  shapes: Partial<Record<TableRole, TableShape>>,
  settings: Pick<Settings, 'keys' | 'tables'>,
): Finding[] {
  return TABLE_ROLES.flatMap((role) => {
    const shape = shapes[role];
    return shape === undefined ? [] : checkKey(role, shape, settings);
  });
}

function checkKey(
  role: TableRole,
  { encryptionKey }: Pick<TableShape, 'encryptionKey'>,
  settings: Pick<Settings, 'keys' | 'tables'>,
): Finding[] {
  const named = keyOfTable(settings, role);
  const isOurs = TABLES[role].madeBy === 'migration';
  const setting = `keys.${isOurs ? 'newTables' : `tables.${role}`} in cdk.json`;
  const deploy = 'Then: npx cdk deploy --all -c environment=NAME';
  const finding = (code: Finding['code'], message: string, nextStep: string): Finding[] => [
    { code, role, table: settings.tables[role], message, nextStep },
  ];
  if (encryptionKey?.inaccessibleSince !== undefined) {
    const message = `DynamoDB cannot use its key ${encryptionKey.arn} since ${encryptionKey.inaccessibleSince}.`;
    return finding(
      'KEY_INACCESSIBLE',
      message,
      'Ask the owner of the key to enable it, and to allow DynamoDB its use.',
    );
  }
  if (encryptionKey?.arn === named) return [];
  if (named === undefined) {
    const message = `It is encrypted with ${encryptionKey?.arn}, which the functions have no right to use.`;
    return finding('KEY_NOT_NAMED', message, `Set ${setting} to that key, also if it is aws/dynamodb. ${deploy}`);
  }
  const actual = encryptionKey === undefined ? 'a key that AWS owns' : encryptionKey.arn;
  const message = `It is encrypted with ${actual}, and ${setting} says ${named}.`;
  return finding(
    'KEY_NOT_NAMED',
    message,
    isOurs ? deploy.replace('Then: ', 'Deploy: ') : `Correct ${setting}. ${deploy}`,
  );
}
