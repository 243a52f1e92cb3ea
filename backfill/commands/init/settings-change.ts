import { applyEdits, modify } from 'jsonc-parser';
import {
  SERVICE_TABLES,
  type ServiceTable,
  TABLE_ROLES,
  TABLES,
  type TableNames,
} from '../../../functions/migration/tables.ts';

/** What `init` has found out about an environment. */
export interface Discovery {
  readonly account: string;
  readonly region: string;
  readonly tables: TableNames;
  /** ARNs of the KMS keys of tables that have one. */
  readonly keys: Readonly<Partial<Record<ServiceTable, string>>>;
}

/** A setting that is written. */
export interface Change {
  /** Below `migration.environments.NAME`. */
  readonly path: readonly string[];
  /** Absent where the setting is new. */
  readonly before?: unknown;
  readonly after: string;
}

/** What has to be written so that the settings say what was found. A default is written only over something else. Pure. */
export function changesOf(given: unknown, { account, region, tables, keys }: Discovery): Change[] {
  const wanted: [path: string[], after: string, otherwise?: string][] = [
    [['account'], account],
    [['region'], region],
    ...TABLE_ROLES.map((role): [string[], string, string] => [
      ['tables', role],
      tables[role],
      TABLES[role].defaultName,
    ]),
    ...SERVICE_TABLES.flatMap((role): [string[], string][] => {
      const key = keys[role];
      return key === undefined ? [] : [[['keys', 'tables', role], key]];
    }),
  ];
  return wanted.flatMap(([path, after, otherwise]): Change[] => {
    const before = at(given, path);
    if ((before ?? otherwise) === after) return [];
    return [{ path, after, ...(before !== undefined && { before }) }];
  });
}

/** The text of cdk.json with the changes. All else stays as it is written. Pure. */
export function withChanges(text: string, environment: string, changes: readonly Change[]): string {
  const place = ['context', 'migration', 'environments', environment];
  return changes.reduce((changed, { path, after }) => {
    const options = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } };
    return applyEdits(changed, modify(changed, [...place, ...path], after, options));
  }, text);
}

function at(given: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => {
    const isObject = typeof value === 'object' && value !== null;
    return isObject && Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  }, given);
}
