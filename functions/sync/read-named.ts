import type { Item } from '../model/attribute-value.ts';
import type { RowKey } from '../tables/dynamo/transactions.ts';
import type { Replication } from './replication.ts';

/** Keys of rows by what the rows are: one of a kind, or a list. */
type NamedKeys = Readonly<Record<string, RowKey | readonly RowKey[]>>;

/** The rows of these keys by the same names, in the same order; undefined where there is none. */
export type NamedItems<Keys extends NamedKeys> = {
  readonly [Name in keyof Keys]: Keys[Name] extends readonly RowKey[]
    ? readonly (Item | undefined)[]
    : Item | undefined;
};

/** Reads all these rows in one transaction. */
export async function readNamed<Keys extends NamedKeys>(
  { transactions }: Pick<Replication, 'transactions'>,
  named: Keys,
): Promise<NamedItems<Keys>> {
  const items = (await transactions.read(Object.values<RowKey | readonly RowKey[]>(named).flat())).values();
  const next = (): Item | undefined => items.next().value;
  const entries = Object.entries(named).map(([name, keys]) => [name, Array.isArray(keys) ? keys.map(next) : next()]);
  return Object.fromEntries(entries) as NamedItems<Keys>;
}
