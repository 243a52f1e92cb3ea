import type { Caller } from '../../../functions/account/caller.ts';
import {
  OLD_TABLE_OF,
  TABLE_ROLES,
  TABLES,
  type TableNames,
  type TableRole,
} from '../../../functions/migration/tables.ts';
import type { TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { grouped, textTable } from '../../text-table.ts';
import type { Change } from './settings-change.ts';

export interface InitToTell {
  readonly env: string;
  readonly execute: boolean;
  readonly path: string;
  readonly caller: Caller;
  readonly region: string;
  readonly tables: TableNames;
  readonly shapes: ReadonlyMap<string, TableShape>;
  readonly changes: readonly Change[];
  readonly unreadable: number;
}

export function describeInit(init: InitToTell): string[] {
  const { env, execute, path, caller, region, tables, shapes, changes, unreadable } = init;
  return [
    `Account ${caller.account}, region ${region}, with the credentials of ${caller.arn}.`,
    ...(unreadable === 0
      ? []
      : [`${grouped(unreadable)} tables were left out: these credentials may not describe them.`]),
    ...textTable(
      ['role', 'table', 'items', 'billing', 'stream'],
      TABLE_ROLES.map((role) => [role, tables[role], ...describeShape(role, shapes.get(tables[role]))]),
      true,
    ),
    ...describeChanges(changes, { env, execute, path }),
  ];
}

function describeShape(role: TableRole, shape: TableShape | undefined): string[] {
  if (shape === undefined) return ['–', '–', 'the deployment creates the table'];
  return [grouped(shape.itemCountEstimate), shape.billing, describeStream(role, shape.streamViewType)];
}

const STREAMED: ReadonlySet<TableRole> = new Set(Object.values(OLD_TABLE_OF));

function describeStream(role: TableRole, viewType: string | undefined): string {
  if (!STREAMED.has(role)) return TABLES[role].madeBy === 'migration' ? 'not needed' : 'not needed: it is only read';
  if (viewType === undefined) return 'off: the deployment turns it on';
  if (viewType === 'NEW_AND_OLD_IMAGES') return 'on, with both images';
  return `on with ${viewType}: the deployment stops until its owner has turned it off`;
}

function describeChanges(
  changes: readonly Change[],
  { env, execute, path }: Pick<InitToTell, 'env' | 'execute' | 'path'>,
) {
  if (changes.length === 0) return [`Environment ${env} in ${path} says so already. Nothing to write.`];
  return [
    `${execute ? 'Wrote' : 'Would write'} to ${path}, migration.environments.${env}:`,
    ...changes.map(({ path: place, before, after }) => {
      const name = `  ${place.join('.')}: ${JSON.stringify(after)}`;
      return before === undefined ? name : `${name}, in place of ${JSON.stringify(before)}`;
    }),
    ...(!execute && changes.some(({ before }) => before !== undefined)
      ? ['To replace what is there, add --overwrite.']
      : []),
  ];
}
