import { RECORD_SOURCES, type RecordSource, type Source } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';
import type { ReplicationLimits } from '../../functions/sync/replication.ts';
import { type Decisions, oneOf } from './decisions.ts';

/** One write of the service: the whole item, or undefined for a delete. */
export interface LegacyWrite {
  readonly source: Source;
  readonly id: string;
  readonly item: Item | undefined;
}

/** At first or at last: the other host begins, or continues. */
export const ON_WORKFLOW = ['now and then', 'at first', 'at last'] as const;
type OnWorkflow = (typeof ON_WORKFLOW)[number];

/** What a schedule begins with, and what the service writes in it. */
export interface World {
  /** Whether there is a backfill; without one nothing was there before the streams. */
  readonly backfill: boolean;
  /** Whether the operator runs a second one as soon as the first is finished, when reads may be on the new side. */
  readonly repeatsBackfill?: boolean;
  /** The sources that the operator copies one by one, in this order; drawn by seed where absent. */
  readonly copies?: readonly Source[];
  /** When a workflow makes the copy, instead of a process of the operator's; never where absent. */
  readonly onWorkflow?: OnWorkflow;
  readonly heldRecords: HeldRecords;
  /** Of rows and calls; the product's own where absent. */
  readonly limits?: Partial<ReplicationLimits>;
  readonly kpis: readonly Item[];
  readonly people: readonly Item[];
  /** Before the streams were switched on: only the backfill meets them. */
  readonly initial: readonly LegacyWrite[];
  readonly live: readonly LegacyWrite[];
}

/** How large a world is, at most. */
export interface Size {
  readonly kpis: number;
  readonly links: number;
  readonly records: number;
  readonly initialWrites: number;
  readonly liveWritesMin: number;
  readonly liveWritesMax: number;
}

const SMALL: Size = { kpis: 3, links: 4, records: 4, initialWrites: 7, liveWritesMin: 3, liveWritesMax: 12 };
/** Where all meet at the same few rows. */
const TINY: Size = { kpis: 1, links: 2, records: 2, initialWrites: 4, liveWritesMin: 3, liveWritesMax: 10 };
/** Where hardly anything comes later and puts right what went wrong. */
const LEAST: Size = { kpis: 1, links: 2, records: 1, initialWrites: 3, liveWritesMin: 1, liveWritesMax: 3 };

interface Kpi {
  readonly tenantId: string;
  readonly kpiId: string;
}

/** The third shares its KPI's id with the first, in another tenant. */
const KPIS: readonly Kpi[] = [
  { tenantId: 't1', kpiId: 'k1' },
  { tenantId: 't1', kpiId: 'k2' },
  { tenantId: 't2', kpiId: 'k1' },
];

/** In and out of the order of their texts, and two that are one instant. */
const LINKED_AT = ['2024-01-02T00:00:00Z', '2024-01-02T01:00:00+01:00', '2024-01-01T00:00:00.0000000Z', '2024-01-03'];
const DATES = ['2024-02-01', '2024-02-02', '2024-01-31T00:00:00Z'];

const LOOKUPS = {
  kpis: [
    { id: { S: 'k1' }, tenant_id: { S: 't1' }, name: { S: 'one' }, owner_id: { S: 'u1' } },
    { id: { S: 'k2' }, tenant_id: { S: 't1' }, name: { S: 'two' }, owner_id: { S: 'u2' } },
  ],
  people: [
    { id: { S: 'p1' }, tenant_id: { S: 't1' }, linked_user_id: { S: 'u1' }, name: { S: 'One' } },
    { id: { S: 'p2' }, tenant_id: { S: 't2' }, linked_user_id: { S: 'u1' }, name: { S: 'Two' } },
  ],
} satisfies Record<string, Item[]>;

/** Draws a world. Every item written is unlike any before it, so that each content tells which write it is of. */
export function drawWorld(decisions: Decisions, size: Size = oneOf(decisions, [SMALL, TINY, LEAST])): World {
  const kpis = KPIS.slice(0, 1 + decisions.choose(size.kpis));
  const links = Array.from({ length: decisions.choose(size.links + 1) }, (_, at) => `l${at + 1}`);
  const records = Array.from({ length: 1 + decisions.choose(size.records) }, (_, at) => `r${at + 1}`);
  const homes = new Map(records.map((id) => [id, oneOf(decisions, RECORD_SOURCES)]));
  const linkShare = links.length === 0 ? 0 : oneOf(decisions, [0.25, 0.5, 0.75]);
  const writer = new Writer(decisions, kpis);
  const draw = (): LegacyWrite => {
    if (decisions.chance(linkShare)) return writer.change('links', oneOf(decisions, links));
    const id = oneOf(decisions, records);
    const source = decisions.chance(0.1) ? oneOf(decisions, RECORD_SOURCES) : (homes.get(id) as RecordSource);
    return writer.change(source, id);
  };
  const backfill = decisions.chance(0.6);
  const initialCount = backfill ? decisions.choose(size.initialWrites + 1) : 0;
  const liveCount = size.liveWritesMin + decisions.choose(size.liveWritesMax - size.liveWritesMin + 1);
  const world: World = {
    backfill,
    heldRecords: decisions.chance(0.4) ? 'personal-link' : 'hold',
    kpis: LOOKUPS.kpis,
    people: LOOKUPS.people,
    initial: Array.from({ length: initialCount }, draw),
    live: Array.from({ length: liveCount }, draw),
  };
  if (decisions.chance(0.4)) return world;
  const isCrowded = decisions.chance(0.3);
  const more = Array.from({ length: isCrowded ? MORE_LINK_WRITES : 0 }, () =>
    writer.change('links', oneOf(decisions, MORE_LINKS)),
  );
  const limits = drawLimits(decisions);
  return { ...world, limits, live: [...world.live, ...more], repeatsBackfill: decisions.chance(0.2) };
}

/** In some worlds so many more links, and writes of them. */
const MORE_LINKS = ['l5', 'l6', 'l7', 'l8'];
const MORE_LINK_WRITES = 6;

/** So that links are all in items of their own, or some, or none; and rows of a record in one transaction or in several. */
function drawLimits(decisions: Decisions): ReplicationLimits {
  return {
    inlineBytesMax: oneOf(decisions, [0, ONE_INLINE, TWO_INLINE, 8_192]),
    unsettledMax: oneOf(decisions, [0, 1, 24]),
    rowsPerTransactionMax: oneOf(decisions, [1, 2, 100]),
    linksPerTransactionMax: oneOf(decisions, [1, 2, 25]),
    recordsPerTransactionMax: oneOf(decisions, [1, 2, 25]),
  };
}

/** Bytes of two empty lists with their names, and of a link with a `linked_at` of this length. */
const EMPTY_INLINE = 21;
const LINK_BYTES = 4 + '2024-01-02T00:00:00Z'.length;
const ONE_INLINE = EMPTY_INLINE + LINK_BYTES;
const TWO_INLINE = EMPTY_INLINE + 2 * LINK_BYTES;

/** Keeps what is there, so that each write is one that the service could do. */
class Writer {
  readonly #decisions: Decisions;
  readonly #kpis: readonly Kpi[];
  readonly #items = new Map<string, Item>();
  #version = 0;

  constructor(decisions: Decisions, kpis: readonly Kpi[]) {
    this.#decisions = decisions;
    this.#kpis = kpis;
  }

  change(source: Source, id: string): LegacyWrite {
    const key = `${source} ${id}`;
    const item = this.#next(source, id, this.#items.get(key));
    if (item) this.#items.set(key, item);
    else this.#items.delete(key);
    return { source, id, item };
  }

  #next(source: Source, id: string, before: Item | undefined): Item | undefined {
    if (before === undefined) return this.#whole(source, id, oneOf(this.#decisions, this.#kpis));
    const what = oneOf(this.#decisions, ['change', 'change', 'move', 'delete', 'delete', 'break'] as const);
    if (what === 'delete') return undefined;
    const { tenant_id: tenant, kpi_id: kpi } = before;
    const stays = what !== 'move' && tenant && kpi && 'S' in tenant && 'S' in kpi;
    const home = stays ? { tenantId: tenant.S, kpiId: kpi.S } : oneOf(this.#decisions, this.#kpis);
    const whole = this.#whole(source, id, home);
    if (what !== 'break') return whole;
    const { [oneOf(this.#decisions, ['created_by', 'recorded_by', 'kpi_id', 'tenant_id'])]: _, ...broken } = whole;
    return broken;
  }

  #whole(source: Source, id: string, { tenantId, kpiId }: Kpi): Item {
    this.#version += 1;
    const version = { N: String(this.#version) };
    const shared = { id: { S: id }, tenant_id: { S: tenantId }, kpi_id: { S: kpiId } };
    const date = { S: oneOf(this.#decisions, DATES) };
    const user = { S: 'u1' };
    if (source === 'links') {
      return {
        ...shared,
        goal_id: { S: 'g1' },
        linked_at: { S: oneOf(this.#decisions, LINKED_AT) },
        is_primary: { BOOL: true },
        display_order: version,
        created_by: user,
        created_at: date,
      };
    }
    if (source === 'milestones') {
      return { ...shared, milestone_date: date, target_value: version, created_by: user, created_at: date };
    }
    if (source === 'actuals') {
      const recorded = { recorded_by: user, recorded_at: date };
      return { ...shared, measurement_date: date, actual_value: version, data_source: { S: 'Manual' }, ...recorded };
    }
    return { ...shared, reading_date: date, value: version, recorded_by: user, recorded_at: date };
  }
}
