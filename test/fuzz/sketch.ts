import type { HeldRecords } from '../../functions/model/kpi.ts';

/**
 * A world as the generator draws it and a file keeps it: plain JSON, in which large, deep and repeated content is named and
 * not spelt out. `materialise.ts` makes items of it.
 */
export interface World {
  readonly heldRecords: HeldRecords;
  /** Texts that many items share, so that they meet. */
  readonly pools: Pools;
  readonly items: readonly ItemSketch[];
  /** What the service does afterwards. */
  readonly changes: readonly ChangeSketch[];
  /** Decides the order of streams, the size of pages and which of many reads are made. */
  readonly draw: number;
}

export const POOLS = ['tenants', 'kpis', 'goals', 'users', 'ids', 'dates'] as const;
export type Pool = (typeof POOLS)[number];
export type Pools = Readonly<Record<Pool, readonly TextSketch[]>>;

/** The old tables and the look-up tables. */
export const SKETCHED_TABLES = ['links', 'milestones', 'actuals', 'readings', 'kpis', 'people'] as const;
export type SketchedTable = (typeof SKETCHED_TABLES)[number];

export interface ItemSketch {
  readonly table: SketchedTable;
  readonly id: TextSketch;
  /** Tenant, KPI, goal, user and date by their places in the pools. */
  readonly places: Readonly<Record<'tenant' | 'kpi' | 'goal' | 'user' | 'date', number>>;
  /** Whether optional attributes are there. */
  readonly isFull: boolean;
  readonly oddities: readonly Oddity[];
}

/** One attribute that is otherwise than the service writes it. */
export interface Oddity {
  /** A number is a place among the attributes of the item's table. */
  readonly attribute: number | TextSketch;
  /** Absent for an attribute that is left out. */
  readonly value?: ValueSketch;
}

export interface ChangeSketch {
  /** Of the item that changes. */
  readonly at: number;
  /** What it becomes, under its own id and in its own table; absent where it is deleted. */
  readonly to?: Omit<ItemSketch, 'table' | 'id'>;
}

export type TextSketch =
  | string
  | { readonly pool: Pool; readonly at: number }
  | { readonly repeat: string; readonly times: number }
  | { readonly joined: readonly TextSketch[] }
  /** The id that the migration makes for the row of this record under this link; places among the items of those tables. */
  | { readonly fanOutOf: { readonly record: number; readonly link: number } }
  /** The id of the link that a KPI gets of its own. */
  | { readonly personalLinkOf: TextSketch };

export type BytesSketch = string | { readonly random: number; readonly bytes: number };

export type ValueSketch =
  | { readonly S: TextSketch }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly B: BytesSketch }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly ValueSketch[] }
  | { readonly M: readonly (readonly [TextSketch, ValueSketch])[] }
  /** Lists or maps in one another, so many. */
  | { readonly nested: { readonly levels: number; readonly type: 'L' | 'M'; readonly inner: ValueSketch } }
  /** What brings the whole item to so many bytes, be it bytes that nothing compresses or one letter over and over. */
  | { readonly filler: { readonly itemBytes: number; readonly isRandom: boolean } };
