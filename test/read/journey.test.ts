import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { FlagClient } from '../../functions/flag/client.ts';
import type { ReaderFlag } from '../../functions/flag/stages.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { comparePages } from '../../functions/read/compare-pages.ts';
import { type OpenReads, openReads, ROUTER_DEFAULTS } from '../../functions/read/index.ts';
import { dynamoNewReads } from '../../functions/tables/new/dynamo-new-reads.ts';
import type { NewReads } from '../../functions/tables/new/new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/old/dynamo-old-reads.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, fillTables, link } from './world.ts';

const TENANTS = Array.from({ length: 24 }, (_, n) => `tenant-${n}`);
/** Two tenants to a KPI id. */
const kpiOf = (tenant: string) => `kpi-${TENANTS.indexOf(tenant) % 12}`;
const OLD: ReaderFlag = { stage: 'old', reason: 'flag-disabled' };

function newFor(percent: number, tenants: readonly string[] = []): ReaderFlag {
  return { stage: 'new', percent, tenants: new Set(tenants), lagBoundMs: 60_000 };
}

/** The new tables' reads as they come out when something is wrong with them. */
type Fault = 'none' | 'slow' | 'failing' | 'wrong' | 'hanging';

function withFaults(tables: NewReads, fault: { current: Fault }): NewReads {
  const spoil = async <T>(read: () => Promise<T>, ofOther: (answer: T) => T): Promise<T> => {
    switch (fault.current) {
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        return read();
      case 'failing':
        throw new Error('The table has vanished.');
      case 'hanging':
        return new Promise(() => {});
      case 'wrong':
        return ofOther(await read());
      default:
        return read();
    }
  };
  const ofOther = (row: Item): Item => ({ ...row, tenant_id: { S: 'tenant-of-another' } });
  return {
    getLink: (...all) =>
      spoil(
        () => tables.getLink(...all),
        (row) => row && ofOther(row),
      ),
    getData: (...all) =>
      spoil(
        () => tables.getData(...all),
        (row) => row && ofOther(row),
      ),
    queryLinks: (...all) =>
      spoil(
        () => tables.queryLinks(...all),
        (rows) => rows.map(ofOther),
      ),
    queryData: (...all) =>
      spoil(
        () => tables.queryData(...all),
        (page) => ({ ...page, items: page.items.map(ofOther) }),
      ),
  };
}

interface World {
  readonly names: TableNames;
  readonly opened: OpenReads;
  readonly flag: { current: ReaderFlag };
  readonly fault: { current: Fault };
  /** Link id to its tenant and rows. */
  readonly rowsOf: ReadonlyMap<string, readonly Item[]>;
}

let world: World;
const client = engineClient();

beforeAll(async () => {
  const names = await createTestTables();
  const links = TENANTS.flatMap((tenant) => [1, 2].map((n) => link(tenant, `${tenant}-l${n}`, kpiOf(tenant))));
  const actuals = TENANTS.flatMap((tenant) =>
    ['2024-01', '2024-02', '2024-03'].map((month) =>
      actual(tenant, `${tenant}-${month}`, kpiOf(tenant), `${month}-01`),
    ),
  );
  const content = { links, milestones: [], actuals, readings: [], kpis: [], people: [] };
  const expected = await fillTables(client, names, content, 'hold');
  const flag = { current: OLD };
  const fault: { current: Fault } = { current: 'none' };
  const flagClient: FlagClient = { current: () => flag.current, status: () => ({ flag: flag.current }), stop() {} };
  const opened = openReads({
    tableNames: names,
    heldRecords: 'hold',
    flag: { application: 'a', environment: 'e', profile: 'p' },
    flagClient,
    tables: { old: dynamoOldReads(client, names), new: withFaults(dynamoNewReads(client, names), fault) },
    router: {
      ...ROUTER_DEFAULTS,
      newDeadlineMs: 1_000,
      shadowShare: 1,
      sampleShare: 1,
      shadow: { inFlightMax: 4, deadlineMs: 1_500, recheckAfterMs: 20 },
      breaker: { windowReads: 10, failuresToOpen: 3, wrongAnswersToOpen: 1, openMs: 30, probesToClose: 2 },
    },
  });
  const rowsOf = Map.groupBy(expected.kpiData.values(), (row) => textOf(row, 'kpi_link_id') ?? '');
  world = { names, opened, flag, fault, rowsOf };
});

afterEach(() => {
  world.flag.current = OLD;
  world.fault.current = 'none';
});

/** Readers of all tenants at once; every answer is checked to the attribute. Gives the answers' counts by origin. */
async function hammer(reads: number, seed: number): Promise<Record<string, number>> {
  const random = seededRandom(seed);
  const origins: Record<string, number> = { old: 0, new: 0 };
  const jobs = Array.from({ length: reads }, () => {
    const tenantId = random.pick(TENANTS);
    return { tenantId, linkId: `${tenantId}-l${random.pick([1, 2])}`, paged: random.pick([true, false]) };
  });
  await pMap(
    jobs,
    async ({ tenantId, linkId, paged }) => {
      const rows: Item[] = [];
      let pageToken: string | undefined;
      do {
        const page = await world.opened.reads.dataOfLink({ tenantId, linkId }, { limit: paged ? 1 : 10, pageToken });
        rows.push(...page.rows);
        pageToken = page.nextPageToken;
        origins[page.origin] = (origins[page.origin] ?? 0) + 1;
      } while (pageToken !== undefined);
      expect(comparePages({ rows: world.rowsOf.get(linkId) ?? [] }, { rows })).toEqual(new Map());
      expect(rows.map((row) => textOf(row, 'post_date'))).toEqual(['2024-03-01', '2024-02-01', '2024-01-01']);
    },
    { concurrency: 6 },
  );
  return origins;
}

describe('reads on the real engine', () => {
  test('go from old over shadow, a few, half and all to new, and back, and no answer changes', async () => {
    const stages: readonly [string, ReaderFlag, (origins: Record<string, number>) => boolean][] = [
      ['old', OLD, ({ new: fresh }) => fresh === 0],
      ['shadow', { stage: 'shadow', lagBoundMs: 20 }, ({ new: fresh }) => fresh === 0],
      ['one tenant', newFor(0, ['tenant-3']), ({ old = 0, new: fresh = 0 }) => old > fresh],
      ['half', newFor(50), ({ old = 0, new: fresh = 0 }) => old > 0 && fresh > 0],
      ['all', newFor(100), ({ new: fresh = 0 }) => fresh > 0],
      ['fallback', OLD, ({ new: fresh }) => fresh === 0],
      ['new again', newFor(100), ({ new: fresh = 0 }) => fresh > 0],
    ];
    for (const [at, [stage, flag, isAsExpected]] of stages.entries()) {
      world.flag.current = flag;
      expect({ stage, isAsExpected: isAsExpected(await hammer(24, at)) }).toEqual({ stage, isAsExpected: true });
    }
    const counts = world.opened.router.counters.take();
    expect(counts['shadow.equal']).toBeGreaterThan(0);
    expect(Object.keys(counts).filter((name) => /missing|extra|different/.test(name))).toEqual([]);
  });

  test.each<Fault>(['slow', 'failing', 'wrong', 'hanging'])('lose none to a new side that is %s', async (fault) => {
    world.flag.current = newFor(100);
    world.fault.current = fault;
    expect(await hammer(20, 99)).toMatchObject({ new: 0 });
    expect(world.opened.router.breaker.state).not.toBe('closed');
    world.fault.current = 'none';
    // Only reads that come by let it recover.
    for (let n = 0; n < 200 && world.opened.router.breaker.state !== 'closed'; n += 1) {
      await hammer(1, n);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(world.opened.router.breaker.state).toBe('closed');
  });

  test('flip in the midst of a stream of pages, at random, and no row is repeated or left out', async () => {
    const random = seededRandom(7);
    const flips = setInterval(() => {
      world.flag.current = random.pick([OLD, newFor(100)]);
    }, 2);
    const origins = await hammer(40, 8).finally(() => clearInterval(flips));
    expect(Math.min(origins.old ?? 0, origins.new ?? 0)).toBeGreaterThan(0);
  });

  test('show a caller its own write before it has been replicated', async () => {
    world.flag.current = newFor(100);
    const written = actual('tenant-1', 'just-written', kpiOf('tenant-1'), '2025-01-01');
    await client.send(new PutItemCommand({ TableName: world.names.kpiActuals, Item: written }));
    const query = { tenantId: 'tenant-1', linkId: 'tenant-1-l1' };
    const { row, origin } = await world.opened.reads.latestActual(query, { lastWriteAtMs: Date.now() });
    expect({ id: textOf(row, 'id'), origin }).toEqual({ id: 'just-written', origin: 'old' });
    const others = await world.opened.reads.latestActual(query);
    expect({ id: textOf(others.row, 'post_date'), origin: others.origin }).toEqual({ id: '2024-03-01', origin: 'new' });
  });
});
