import { beforeEach, describe, expect, test } from 'vitest';
import { runBackfill } from '../../../backfill/copy/backfill.ts';
import { copyLinks } from '../../../backfill/copy/copy-links.ts';
import { loadLookUps } from '../../../backfill/copy/known-look-ups.ts';
import { UntouchedKpis } from '../../../backfill/copy/untouched-kpis.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { KpiTurns } from '../../../functions/sync/kpi-turns.ts';
import { replicateStreamBatch } from '../../../functions/sync/stream-batch.ts';
import { eventOf, link, rowsById } from '../../sync/fixtures.ts';
import { ValidationBench } from '../../validation/engine-validation.ts';
import { backfillOptions, silent } from '../backfill-options.ts';

let bench: ValidationBench;
/** What each transaction came to: its writes, and whether it took effect. */
let transactions: { readonly writes: number; readonly isWritten: boolean }[];
let reads: { readonly links: string[]; kpis: number };

beforeEach(async () => {
  bench = await ValidationBench.create();
  transactions = [];
  reads = { links: [], kpis: 0 };
});

/** A pass over links, that tells what it writes and reads. */
function pass({ isAlone = true } = {}) {
  const { replication } = bench;
  const write: typeof replication.transactions.write = async (writes) => {
    const isWritten = await replication.transactions.write(writes);
    transactions.push({ writes: writes.length, isWritten });
    return isWritten;
  };
  const noted = {
    ...replication,
    transactions: { ...replication.transactions, write },
    control: {
      ...replication.control,
      readKpis: (kpis: Parameters<typeof replication.control.readKpis>[0]) => {
        reads.kpis += kpis.length;
        return replication.control.readKpis(kpis);
      },
    },
    old: {
      ...replication.old,
      readLink: (id: string) => {
        reads.links.push(id);
        return replication.old.readLink(id);
      },
      readLinks: (ids: readonly string[]) => {
        reads.links.push(...ids);
        return replication.old.readLinks(ids);
      },
    },
  };
  const turns = new KpiTurns();
  const lookUps = () => loadLookUps(noted.old, 1);
  const untouched = new UntouchedKpis({ replication: noted, lookUps, turns, isAlone });
  const copier = {
    replication: noted,
    data: bench.tables.data,
    pause: async () => {},
    pace: async () => undefined,
  };
  return (items: readonly Item[]) => copyLinks(copier, items, { isAfterRecords: false, turns, untouched });
}

async function expectAgreement(rows: number): Promise<void> {
  const { report } = await bench.validate();
  expect(report.verdict).toBe('agree');
  expect((await rowsById(bench.tables, 'kpiLinks')).size).toBe(rows);
}

async function isReplicated(item: Item, before?: Item): Promise<void> {
  const event = eventOf('1', { newImage: item, ...(before && { oldImage: before }) });
  expect((await replicateStreamBatch(bench.replication, 'links', [event])).errors).toEqual([]);
}

const manyLinks = (count: number, kpis: number, prefix = 'l') =>
  Array.from({ length: count }, (_, at) =>
    link(`${prefix}${at}`, `k${at % kpis}`, { goal_id: { S: `goal-${prefix}${at}` } }),
  );

describe('links of KPIs that nobody has touched', () => {
  test('are written many in one transaction, and nothing is read for them', async () => {
    const links = manyLinks(90, 60);
    await bench.load({ links });
    expect(await pass()(links)).toMatchObject({ scanned: 90, copied: 90, present: 0, quarantined: 0 });
    // 60 KPI rows and 90 rows of links.
    expect(transactions.reduce((sum, { writes }) => sum + writes, 0)).toBe(150);
    expect(transactions).toHaveLength(2);
    expect(reads).toEqual({ links: [], kpis: 0 });
    await expectAgreement(90);
  });

  test('follow one another page by page, under the tokens of this very copier', async () => {
    const links = manyLinks(90, 10);
    await bench.load({ links });
    const copy = pass();
    await Promise.all([0, 30, 60].map((from) => copy(links.slice(from, from + 30))));
    expect(transactions.every(({ isWritten }) => isWritten)).toBe(true);
    expect(reads.links).toEqual([]);
    await expectAgreement(90);
  });

  test('that are more than one transaction takes of a KPI go through the protocol for the rest', async () => {
    const links = manyLinks(70, 1);
    await bench.load({ links });
    expect(await pass()(links)).toMatchObject({ copied: 70 });
    expect(reads.links).toHaveLength(45);
    await expectAgreement(70);
  });

  test('are in quarantine where they are malformed, and the others of their KPI are copied', async () => {
    const [odd, ...others] = manyLinks(4, 1) as [Item, ...Item[]];
    const links = [{ ...odd, is_primary: { S: 'no' } }, ...others];
    await bench.load({ links });
    expect(await pass()(links)).toMatchObject({ scanned: 4, copied: 3, quarantined: 1 });
    await expectAgreement(3);
  });
});

describe('a link whose KPI was touched live', () => {
  test('is read anew, whatever its page said of it', async () => {
    const [scanned, ...others] = manyLinks(5, 5) as [Item, ...Item[]];
    const now = { ...scanned, display_order: { N: '77' } };
    await bench.load({ links: [now, ...others] });
    await isReplicated(now, scanned);
    expect(await pass()([scanned, ...others])).toMatchObject({ copied: 4, present: 1 });
    expect(transactions[0]).toEqual({ writes: 10, isWritten: false });
    expect(reads.links).toContain('l0');
    await expectAgreement(5);
  });

  test('is not brought back where it is gone', async () => {
    const [scanned, ...others] = manyLinks(5, 5) as [Item, ...Item[]];
    await bench.load({ links: others });
    const event = eventOf('1', { oldImage: scanned });
    await replicateStreamBatch(bench.replication, 'links', [event]);
    await pass()([scanned, ...others]);
    await expectAgreement(4);
  });

  test('between two of its pages is read anew, too', async () => {
    const [first, scanned] = manyLinks(2, 1) as [Item, Item];
    const now = { ...scanned, display_order: { N: '77' } };
    await bench.load({ links: [first, now] });
    const copy = pass();
    await copy([first]);
    await isReplicated(now, scanned);
    await copy([scanned]);
    expect(reads.links).toEqual(['l1']);
    await expectAgreement(2);
  });
});

test('a process that did not begin the pass looks at the rows first, and tries nothing in vain', async () => {
  const links = manyLinks(40, 20);
  await bench.load({ links });
  await pass()(links.slice(0, 20));
  transactions = [];
  await pass({ isAlone: false })(links.slice(20));
  expect(reads.kpis).toBe(20);
  expect(transactions.every(({ isWritten }) => isWritten)).toBe(true);
  await expectAgreement(40);
});

describe('look-ups', () => {
  const text = (value: string) => ({ S: value });
  const kpis = ['k0', 'k1'].map((id) => ({ id: text(id), tenant_id: text('t'), owner_id: text(`owner-of-${id}`) }));
  const people = [{ id: text('p0'), tenant_id: text('t'), linked_user_id: text('u0') }];

  test.each([
    ['that fit into memory are scanned, and nothing is asked for', 3, []],
    ['that do not fit are asked for, each once', 2, ['k0', 'u0', 'k1']],
  ])('%s', async (_, itemsMax, asks) => {
    await bench.load({ kpis, people });
    const { old } = bench.replication;
    const asked: string[] = [];
    const lookUps = await loadLookUps(
      {
        ...old,
        readKpi: (id) => {
          asked.push(id);
          return old.readKpi(id);
        },
        queryPeople: (id) => {
          asked.push(id);
          return old.queryPeople(id);
        },
      },
      2,
      itemsMax,
    );
    expect(await lookUps.readKpi('k0')).toMatchObject({ owner_id: text('owner-of-k0') });
    expect(await lookUps.queryPeople('u0')).toEqual(people);
    expect(await lookUps.readKpi('k0')).toMatchObject({ owner_id: text('owner-of-k0') });
    expect(await lookUps.readKpi('k1')).toMatchObject({ owner_id: text('owner-of-k1') });
    expect(asked).toEqual(asks);
  });
});

test('a repeated run goes through the protocol: it puts nothing past it', async () => {
  const links = manyLinks(20, 20);
  await bench.load({ links });
  const options = { replication: bench.replication, data: bench.tables.data };
  await runBackfill(backfillOptions(options, { progress: silent }));
  await bench.load({ links: [...links, ...manyLinks(5, 20, 'm')] });
  let largest = 0;
  const write: typeof bench.replication.transactions.write = (writes) => {
    largest = Math.max(largest, writes.length);
    return bench.replication.transactions.write(writes);
  };
  const replication = { ...bench.replication, transactions: { ...bench.replication.transactions, write } };
  await runBackfill(backfillOptions({ ...options, replication }));
  expect(largest).toBeLessThan(5);
  await expectAgreement(25);
});
