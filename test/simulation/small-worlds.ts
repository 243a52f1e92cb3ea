import { SOURCES } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { LegacyWrite, World } from './world.ts';

const KPI = { tenant_id: { S: 't1' }, kpi_id: { S: 'k1' } };
const BY = { created_by: { S: 'u1' }, created_at: { S: '2024-01-01' } };

/** A link of the one KPI; a smaller day comes first in anchor order. */
function link(id: string, day: number): LegacyWrite {
  const item: Item = {
    id: { S: id },
    ...KPI,
    ...BY,
    goal_id: { S: `g-${id}` },
    linked_at: { S: `2024-01-0${day}` },
    is_primary: { BOOL: true },
  };
  return { source: 'links', id, item };
}

function record(id: string, value: number): LegacyWrite {
  const item: Item = {
    id: { S: id },
    ...KPI,
    ...BY,
    milestone_date: { S: '2024-02-01' },
    target_value: { N: `${value}` },
  };
  return { source: 'milestones', id, item };
}

const RECORDED = { recorded_by: { S: 'u1' }, recorded_at: { S: '2024-01-01' } };

function actual(id: string, value: number): LegacyWrite {
  const item: Item = {
    id: { S: id },
    ...KPI,
    ...RECORDED,
    measurement_date: { S: '2024-02-02' },
    actual_value: { N: `${value}` },
    data_source: { S: 'Manual' },
  };
  return { source: 'actuals', id, item };
}

function reading(id: string, value: number): LegacyWrite {
  const item: Item = {
    id: { S: id },
    ...KPI,
    ...RECORDED,
    reading_date: { S: '2024-02-03' },
    value: { N: `${value}` },
  };
  return { source: 'readings', id, item };
}

/** An actual that has the id of a milestone. */
const twin = ({ id }: LegacyWrite): LegacyWrite => actual(id, 9);

/** The write, in another KPI of the tenant. */
const elsewhere = ({ item, ...write }: LegacyWrite): LegacyWrite => ({
  ...write,
  item: { ...item, kpi_id: { S: 'k2' } },
});

const without = ({ source, id }: LegacyWrite): LegacyWrite => ({ source, id, item: undefined });

function live(...writes: LegacyWrite[]): World {
  return { backfill: false, heldRecords: 'hold', kpis: [], people: [], initial: [], live: writes };
}

function copied(initial: LegacyWrite[], ...writes: LegacyWrite[]): World {
  return { backfill: true, heldRecords: 'hold', kpis: [], people: [], initial, live: writes };
}

/** The world, with each link in an item of its own, and nothing taken for granted that plain reads may not see yet. */
function spilled(world: World): World {
  return { ...world, limits: { inlineBytesMax: 0, unsettledMax: 0 } };
}

const first = link('l1', 1);
const second = link('l2', 2);
const one = record('r1', 1);

/** Worlds of one KPI, two links, one or two records and up to four writes, each small enough to be searched whole. */
export const SMALL_WORLDS: Readonly<Record<string, World>> = {
  'a record and its link': live(one, first),
  'a link and its record': live(first, one),
  'a record that changes': live(one, record('r1', 2)),
  'a record that goes': live(one, without(one)),
  'a link that goes': live(first, without(first)),
  'a link that goes while its record comes': live(first, one, without(first)),
  'a record that goes while its link comes': live(one, first, without(one)),
  'two links': live(one, second, first),
  'two records': live(one, record('r2', 2), first),
  'a link that comes and goes twice': live(one, first, without(first), first),
  'a record that goes and comes again': live(first, one, without(one), record('r1', 2)),
  'a copied record that goes': copied([first, one], without(one)),
  'a copied record that comes and changes': copied([first], one, record('r1', 2)),
  'a copied link that goes': copied([first, one], without(first)),
  'a copied link that comes, and comes again elsewhere': copied([], first, without(first), elsewhere(first)),
  'a copied record that gets an earlier link': copied([second, one], first),
  'a record and its spilled link': spilled(live(one, first)),
  'a spilled link and its record': spilled(live(first, one)),
  'a spilled link that goes while its record comes': spilled(live(first, one, without(first))),
  'two spilled links': spilled(live(one, second, first)),
  'a copied spilled link that goes': spilled(copied([first, one], without(first))),
};

const numbered = ({ item, ...write }: LegacyWrite, version: number): LegacyWrite => ({
  ...write,
  item: { ...item, display_order: { N: `${version}` } },
});

const broken = ({ item, ...write }: LegacyWrite): LegacyWrite => {
  const { created_by: _, ...rest } = item ?? {};
  return { ...write, item: rest };
};

/** So many that of a copier's puts some are under way whenever it is killed. */
const MANY = Array.from({ length: 6 }, (_, at) => record(`r${at + 1}`, at + 1));

/** As many in all three tables, so that rows are put in three passes. */
const SPREAD = MANY.map(({ id }, at) => {
  const source = [record, actual, reading][at % 3] as typeof record;
  return source(id, at + 1);
});

const SPREAD_GOES = copied([first, ...SPREAD], ...SPREAD.map(without));
const CHANGES_AND_GOES = copied([first, one], record('r1', 2), without(one));

/** So many that a copier that is killed leaves some of them to its successor. */
const MANY_LINKS = Array.from({ length: 6 }, (_, at) => link(`l${at + 1}`, at + 1));

/** Worlds in which schedules are drawn by seed: of few rows, but with too many events delivered again, or refused, to be searched whole. */
export const LONGER_WORLDS: Readonly<Record<string, World>> = {
  ...SMALL_WORLDS,
  'a copied record and its link': copied([first, one]),
  'a copied record and its link, the record first, at last on Step Functions': {
    ...copied([first, one]),
    copies: ['milestones', 'links', 'actuals', 'readings'],
    onWorkflow: 'at last',
  },
  'many copied records that go': copied([first, ...MANY], ...MANY.map(without)),
  'many copied records that go, source by source': {
    ...copied([first, ...MANY], ...MANY.map(without)),
    copies: SOURCES,
  },
  'many copied records that go, on Step Functions': {
    ...SPREAD_GOES,
    onWorkflow: 'now and then',
  },
  'many copied records that go, at first on Step Functions': {
    ...SPREAD_GOES,
    onWorkflow: 'at first',
  },
  'many copied records that go, at last on Step Functions': {
    ...SPREAD_GOES,
    onWorkflow: 'at last',
  },
  'many copied links that go': copied([one, ...MANY_LINKS], ...MANY_LINKS.map(without)),
  'many copied records, their ids in two tables': copied([first, ...MANY, ...MANY.map(twin)]),
  'a copied record that cannot be migrated': copied([broken(one)]),
  'a link that changes, goes and comes again elsewhere': live(
    first,
    numbered(first, 2),
    without(first),
    numbered(elsewhere(first), 3),
  ),
  'two links that change twice': live(
    first,
    second,
    numbered(first, 2),
    numbered(second, 3),
    numbered(first, 4),
    numbered(second, 5),
  ),
  'a copied record that changes and goes, beside a second backfill': {
    ...CHANGES_AND_GOES,
    repeatsBackfill: true,
  },
  'a copied record that changes and goes, beside a second backfill on Step Functions': {
    ...CHANGES_AND_GOES,
    repeatsBackfill: true,
    onWorkflow: 'now and then',
  },
  'two spilled links that come together': { ...live(one, second, first), limits: { inlineBytesMax: 0 } },
};
