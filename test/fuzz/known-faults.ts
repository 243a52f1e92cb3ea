import { itemBytes } from '../../functions/model/item-size.ts';
import type { ServiceWrite } from './materialise.ts';
import type { Path } from './run-world.ts';
import type { World } from './sketch.ts';
import type { WireItem, WireValue } from './wire.ts';
import { toItem } from './wire-form.ts';

/**
 * A fault that is known and not mended yet. Items that meet it are left out, so that others come to light; its own world
 * must fail for as long as it stands here.
 */
export interface KnownFault {
  readonly name: string;
  readonly isMetBy: (item: WireItem, table: ServiceWrite['table']) => boolean;
  /** A world that shows the fault, and the path on which it does. */
  readonly proof: { readonly world: World; readonly path: Path };
}

const POOLS: World['pools'] = {
  tenants: ['t'],
  kpis: ['k'],
  goals: ['g'],
  users: ['u'],
  ids: ['i'],
  dates: ['2024-01-01'],
};
const PLACES = { tenant: 0, kpi: 0, goal: 0, user: 0, date: 0 };

function worldOf(...items: readonly Pick<World['items'][number], 'table' | 'oddities'>[]): World {
  return {
    heldRecords: 'hold',
    pools: POOLS,
    items: items.map((item, at) => ({ id: `item-${at}`, places: PLACES, isFull: false, ...item })),
    changes: [],
    draw: 0,
  };
}

const textOf = (value: WireValue | undefined): string => (value !== undefined && 'S' in value ? value.S : '');

function levelsOf(value: WireValue): number {
  if ('L' in value) return 1 + Math.max(0, ...value.L.map(levelsOf));
  if ('M' in value) return 1 + Math.max(0, ...Object.values(value.M).map(levelsOf));
  return 0;
}

export const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    name: 'a user who is no key of an index',
    isMetBy: (item) =>
      ['created_by', 'owner_id'].some((name) => {
        const bytes = Buffer.byteLength(textOf(item[name]));
        return item[name] !== undefined && 'S' in item[name] && (bytes === 0 || bytes > 2_048);
      }),
    proof: {
      world: worldOf({ table: 'links', oddities: [{ attribute: 'created_by', value: { S: '' } }] }),
      path: 'live',
    },
  },
  {
    name: 'quarantine of an item with 31 levels',
    isMetBy: (item) => Object.values(item).some((value) => levelsOf(value) > 30),
    proof: {
      world: worldOf({
        table: 'readings',
        oddities: [
          { attribute: 'value' },
          { attribute: 'deep', value: { nested: { levels: 31, type: 'M', inner: { S: 'x' } } } },
        ],
      }),
      path: 'live',
    },
  },
  {
    name: 'quarantine of 400 KB that nothing compresses',
    isMetBy: (item) => itemBytes(toItem(item)) > 290_000,
    proof: {
      world: worldOf({
        table: 'readings',
        oddities: [
          { attribute: 'value' },
          { attribute: 'filler', value: { filler: { itemBytes: 409_300, isRandom: true } } },
        ],
      }),
      path: 'live',
    },
  },
  {
    name: 'an unknown attribute with the name of a member of Object.prototype',
    isMetBy: (item) => Object.keys(item).some((name) => name in {}),
    proof: {
      world: worldOf({ table: 'readings', oddities: [{ attribute: 'constructor', value: { S: 'x' } }] }),
      path: 'copied',
    },
  },
  {
    name: 'a line separator in an export',
    isMetBy: (item) => /[\u2028\u2029]/.test(JSON.stringify(item)),
    proof: {
      world: worldOf({ table: 'readings', oddities: [{ attribute: 'note', value: { S: 'a\u2028b' } }] }),
      path: 'exported',
    },
  },
];

/** The faults that a write meets. */
export function faultsOf(write: ServiceWrite): readonly KnownFault[] {
  const { item, table } = write;
  return item === undefined ? [] : KNOWN_FAULTS.filter(({ isMetBy }) => isMetBy(item, table));
}
