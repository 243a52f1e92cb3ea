import { grouped, textTable } from '../../text-table.ts';
import type { TableBackup } from './take-backups.ts';

/** The backups, and the next step. */
export function describeBackups(taken: readonly TableBackup[]): string[] {
  const count = (wanted: TableBackup['outcome']): number => taken.filter(({ outcome }) => outcome === wanted).length;
  const failed = count('failed');
  return [
    ...listBackups(taken),
    failed === 0
      ? `${grouped(count('available'))} tables can be restored.`
      : `${grouped(failed)} tables have no backup.`,
  ];
}

/** The backup of each table, or why it has none. */
export function listBackups(taken: readonly TableBackup[]): string[] {
  const available = taken.flatMap((table) => (table.outcome === 'available' ? [table] : []));
  const absent = taken.filter(({ outcome }) => outcome === 'absent');
  const failed = taken.flatMap((table) => (table.outcome === 'failed' ? [table] : []));
  return [
    ...(available.length === 0
      ? []
      : textTable(
          ['table', 'bytes', 'since', 'backup'],
          available.map(({ tableName, backup }) => [tableName, backup.sizeBytes, backup.createdAt, backup.arn]),
        )),
    ...absent.map(({ tableName }) => `${tableName} does not exist yet. The first deployment of the stack creates it.`),
    ...failed.map(({ tableName, problem }) => `${tableName} has NO backup: ${problem}`),
  ];
}

/** What a backup would take. */
export function describeBackupPlan(tables: readonly { readonly table: string; readonly exists: boolean }[]): string[] {
  return [
    'Would back up, without using the tables\u2019 capacity:',
    ...tables.map(({ table, exists }) => `  ${table}${exists ? '' : ' (does not exist)'}`),
  ];
}
