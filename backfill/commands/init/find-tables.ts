import {
  NEW_LINKS,
  SERVICE_TABLES,
  type ServiceTable,
  TABLES,
  type TableRole,
} from '../../../functions/migration/tables.ts';
import type { KeySchema } from '../../../functions/model/key-schema.ts';
import type { KeyShape, TableShape } from '../../../functions/tables/dynamo/descriptions.ts';

/** What stands before and after the default name in the names of an environment's tables. */
export interface Affix {
  readonly prefix: string;
  readonly suffix: string;
}

export interface FoundTables {
  /** Absent where no table fits, or where several do and nothing tells which is meant. */
  readonly tables: Readonly<Partial<Record<ServiceTable, string>>>;
  /** The tables that fit a role that was not decided. */
  readonly candidates: Readonly<Partial<Record<ServiceTable, readonly string[]>>>;
  /** What the tables that the migration creates are named like. */
  readonly affix: Affix;
}

/**
 * Finds the service's tables among those of an account: by key and indexes as the definition of the migration has them, and
 * by the default name, before and after which an environment may have something of its own. Pure.
 *
 * @param named tables that a person has named, by role.
 */
export function findTables(
  shapes: ReadonlyMap<string, TableShape>,
  environment: string,
  named: Readonly<Partial<Record<ServiceTable, string>>> = {},
): FoundTables {
  const fitting = new Map(SERVICE_TABLES.map((role) => [role, fittingRole(role, shapes)]));
  const affix = affixOf(fitting, environment, named);
  const tables: Partial<Record<ServiceTable, string>> = {};
  const candidates: Partial<Record<ServiceTable, readonly string[]>> = {};
  for (const [role, names] of fitting) {
    const byName = affix && withAffix(affix, role);
    const only = names.length === 1 && Object.keys(TABLES[role].indexes).length > 0 ? names[0] : undefined;
    const found = named[role] ?? (byName !== undefined && names.includes(byName) ? byName : only);
    if (found === undefined) candidates[role] = likeDefault(role, names);
    else tables[role] = found;
  }
  return { tables, candidates, affix: affix ?? { prefix: '', suffix: '' } };
}

export function withAffix({ prefix, suffix }: Affix, role: TableRole): string {
  return `${prefix}${TABLES[role].defaultName}${suffix}`;
}

function fittingRole(role: ServiceTable, shapes: ReadonlyMap<string, TableShape>): string[] {
  return [...shapes].filter(([, shape]) => fits(role, shape) && !isNewLinks(shape)).map(([name]) => name);
}

/** The new table of links has all indexes of the old one, and more. */
function isNewLinks(shape: TableShape): boolean {
  return fits(NEW_LINKS, shape);
}

/** Whether a table has the key and every index that the definition gives the role. */
export function fits(role: TableRole, shape: TableShape): boolean {
  const { key, indexes } = TABLES[role];
  const wanted: [string, KeySchema][] = Object.entries(indexes);
  return isKey(shape.key, key) && wanted.every(([name, schema]) => isKey(shape.indexes.get(name)?.key, schema));
}

function isKey(shape: KeyShape | undefined, [partition, sort]: KeySchema): boolean {
  const isText = (attribute: KeyShape['partition'] | undefined, name: string | undefined): boolean =>
    name === undefined ? attribute === undefined : attribute?.name === name && attribute.type === 'S';
  return shape !== undefined && isText(shape.partition, partition) && isText(shape.sort, sort);
}

/** The affix that most roles have a table with; of several, the one that names the environment. */
function affixOf(
  fitting: ReadonlyMap<ServiceTable, readonly string[]>,
  environment: string,
  named: Readonly<Partial<Record<ServiceTable, string>>>,
): Affix | undefined {
  for (const role of SERVICE_TABLES) {
    const [affix] = affixesIn(role, named[role] === undefined ? [] : [named[role]]);
    if (affix !== undefined) return affix;
  }
  const counts = new Map<string, { readonly affix: Affix; count: number }>();
  for (const [role, names] of fitting) {
    for (const affix of affixesIn(role, names)) {
      const known = counts.get(JSON.stringify(affix)) ?? { affix, count: 0 };
      known.count += 1;
      counts.set(JSON.stringify(affix), known);
    }
  }
  const most = Math.max(0, ...[...counts.values()].map(({ count }) => count));
  const best = [...counts.values()].filter(({ count }) => count === most).map(({ affix }) => affix);
  if (best.length === 1) return best[0];
  const ofEnvironment = best.filter(({ prefix, suffix }) =>
    wordsOf(`${prefix} ${suffix}`).includes(environment.toLowerCase()),
  );
  return ofEnvironment.length === 1 ? ofEnvironment[0] : undefined;
}

function affixesIn(role: ServiceTable, names: readonly string[]): Affix[] {
  const { defaultName } = TABLES[role];
  return names.flatMap((name) => {
    const at = name.indexOf(defaultName);
    return at < 0 ? [] : [{ prefix: name.slice(0, at), suffix: name.slice(at + defaultName.length) }];
  });
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^a-z0-9]+/);
}

/** Where some are named like the default, the others are of somebody else. */
function likeDefault(role: ServiceTable, names: readonly string[]): readonly string[] {
  const like = names.filter((name) => name.includes(TABLES[role].defaultName));
  return like.length > 0 ? like : names;
}
