import type { Environment } from '../../backfill/environment.ts';
import type { ExpectedRows } from '../../functions/migration/expected.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { faultOf } from '../../functions/read/check-answer.ts';
import { answerHttpRead, parseHttpEvent } from '../../functions/read/http/http-handler.ts';
import { kpiReads, type PageOptions, type Rows } from '../../functions/read/kpi-reads.ts';
import type { ReadSide } from '../../functions/read/query.ts';
import { newSide } from '../../functions/read/sides/new-side.ts';
import { oldSide } from '../../functions/read/sides/old-side.ts';
import { dynamoNewReads } from '../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/old/dynamo-old-reads.ts';
import { type Draw, drawFrom } from './draw.ts';
import { idOf, type OldWorld } from './old-world.ts';
import { mustFinish, requireSame } from './violation.ts';
import { itemText, toWire } from './wire-form.ts';

type Reads = ReturnType<typeof readsOver>;
interface Sides {
  readonly old: Reads;
  readonly new: Reads;
}

/** Listings and rows that are asked for in a world, of each kind; they are drawn. */
const OF_EACH_MAX = 12;

const invariant = 'both sides answer alike';

/** Asks both sides what a service may ask, and demands of each the rows of the mapping, page after page. */
export async function requireEqualAnswers(
  sides: { readonly old: ReadSide; readonly new: ReadSide },
  old: OldWorld,
  seed: number,
): Promise<void> {
  const reads = { old: readsOver(sides.old), new: readsOver(sides.new) };
  const draw = drawFrom(seed);
  await askForLinks(reads, old.expected, draw);
  await askForData(reads, old, draw);
}

/** The sides over the tables of an environment. */
export function sidesOf({ client, settings }: Environment): { readonly old: ReadSide; readonly new: ReadSide } {
  return {
    old: oldSide(dynamoOldReads(client, settings.tables), settings.heldRecords),
    new: newSide(dynamoNewReads(client, settings.tables)),
  };
}

/** A side as a service reads it, each page checked as the router does. */
function readsOver(side: ReadSide) {
  return kpiReads<{ origin: 'old'; reason: 'shadow' }>(async (request) => {
    const page = await side.read(request);
    const fault = faultOf(request, page);
    if (fault !== undefined) throw new Error(`${fault} ${JSON.stringify(request)}`);
    return { ...page, origin: 'old', reason: 'shadow' };
  });
}

async function askForLinks(sides: Sides, { kpiLinks }: ExpectedRows, draw: Draw): Promise<void> {
  const rows = [...kpiLinks.values()];
  const listings = [
    { name: 'linksByTenant', by: ['tenant_id'] },
    { name: 'linksByKpi', by: ['tenant_id', 'kpi_id'] },
    { name: 'linksByGoal', by: ['tenant_id', 'goal_id'] },
  ] as const;
  for (const { name, by } of listings) {
    const groups = Map.groupBy(rows, (row) => JSON.stringify(by.map((attribute) => textOf(row, attribute))));
    for (const group of draw.some([...groups.values()], OF_EACH_MAX)) {
      const [tenantId = '', id = ''] = by.map((attribute) => textOf(group[0], attribute));
      // A KPI's personal link has no goal.
      if (by.length === 2 && id === '') continue;
      const ask = (reads: Reads, options: PageOptions) => {
        if (name === 'linksByTenant') return reads.linksByTenant({ tenantId }, options);
        if (name === 'linksByKpi') return reads.linksByKpi({ tenantId, kpiId: id }, options);
        return reads.linksByGoal({ tenantId, goalId: id }, options);
      };
      await requireListing(sides, `${name} ${JSON.stringify([tenantId, id])}`, ask, group, draw);
    }
  }
  for (const row of draw.some(rows, OF_EACH_MAX)) {
    const query = { tenantId: textOf(row, 'tenant_id') ?? '', linkId: textOf(row, 'id') ?? '' };
    await requireRow(sides, `linkById ${JSON.stringify(query)}`, (reads) => reads.linkById(query), row);
    await requireHttp(sides, query, row);
  }
}

async function askForData(sides: Sides, { stored, expected }: OldWorld, draw: Draw): Promise<void> {
  const rowsOfLink = Map.groupBy(expected.kpiData.values(), (row) => textOf(row, 'kpi_link_id') ?? '');
  for (const link of draw.some([...expected.kpiLinks.values()], OF_EACH_MAX)) {
    const query = { tenantId: textOf(link, 'tenant_id') ?? '', linkId: textOf(link, 'id') ?? '' };
    const rows = rowsOfLink.get(query.linkId) ?? [];
    const order = draw.one(['oldest-first', 'newest-first'] as const);
    const category = draw.one(['Actual', 'Target', undefined] as const);
    const wanted = rows.filter((row) => category === undefined || textOf(row, 'data_category') === category);
    const filter = { ...query, order, ...(category && { category }) };
    await requireListing(
      sides,
      `dataOfLink ${JSON.stringify(filter)}`,
      (reads, options) => reads.dataOfLink(filter, options),
      wanted,
      draw,
    );
    const date = textOf(draw.one(rows), 'post_date');
    if (date === undefined || date.length > 1_000) continue;
    await requireAlike(sides, `latestActual ${JSON.stringify(query)}`, (reads) => reads.latestActual(query));
    await requireAlike(sides, `targetForDate ${JSON.stringify({ ...query, date })}`, (reads) =>
      reads.targetForDate({ ...query, date: date.isWellFormed() ? date : '2024' }),
    );
  }
  for (const row of draw.some([...expected.kpiData.values()], OF_EACH_MAX)) {
    const named = { tenantId: textOf(row, 'tenant_id') ?? '', dataId: textOf(row, 'id') ?? '' };
    const query = draw.one([true, false]) ? named : { ...named, linkId: textOf(row, 'kpi_link_id') ?? '' };
    await requireRow(sides, `dataById ${JSON.stringify(query)}`, (reads) => reads.dataById(query), row);
  }
  // Also what has no row: the service may ask for any record that it has.
  const records = [...stored.milestones, ...stored.actuals, ...stored.readings].filter(
    (item) => Buffer.byteLength(idOf(item)) <= 512,
  );
  for (const item of draw.some(records, OF_EACH_MAX)) {
    const tenantId = item.tenant_id !== undefined && 'S' in item.tenant_id ? item.tenant_id.S : 'nobody';
    if (Buffer.byteLength(tenantId) > 512) continue;
    const query = { tenantId, dataId: idOf(item) };
    await requireAlike(sides, `dataById ${JSON.stringify(query)}`, (reads) => reads.dataById(query));
  }
}

type Answer = Promise<{ readonly row?: Item }>;

async function requireAlike(sides: Sides, what: string, ask: (reads: Reads) => Answer): Promise<void> {
  const { row } = await mustFinish(`the old side, ${what}`, () => ask(sides.old), invariant);
  await requireRow(sides, what, ask, row);
}

async function requireRow(
  sides: Sides,
  what: string,
  ask: (reads: Reads) => Answer,
  expected: Item | undefined,
): Promise<void> {
  for (const name of ['old', 'new'] as const) {
    const { row } = await mustFinish(`the ${name} side, ${what}`, () => ask(sides[name]), invariant);
    requireSame(invariant, `the ${name} side, ${what}`, rowText(expected), rowText(row));
  }
}

function rowText(row: Item | undefined): Map<string, string> {
  return new Map(row ? [['row', itemText(toWire(row))]] : []);
}

type Ask = (reads: Reads, options: PageOptions) => Promise<Rows<object>>;

/** All pages: from the old side, from the new one, and from each in turn, as where reads flip between two pages. */
async function requireListing(
  sides: Sides,
  what: string,
  ask: Ask,
  expected: readonly Item[],
  draw: Draw,
): Promise<void> {
  const limit = draw.one([1, 2, 3, 10, 100].filter((each) => expected.length / each <= 12));
  const texts = (rows: readonly Item[]) => new Map(rows.map((row) => [textOf(row, 'id') ?? '', itemText(toWire(row))]));
  const orders: string[] = [];
  for (const turn of [[sides.old], [sides.new], [sides.old, sides.new]]) {
    const name = turn.length === 2 ? 'both sides' : turn[0] === sides.old ? 'the old side' : 'the new side';
    const rows = await mustFinish(`${name}, ${what}`, () => allPages(turn, ask, limit ?? 100), invariant);
    requireSame(invariant, `${name}, ${what}`, texts(expected), texts(rows));
    orders.push(JSON.stringify(rows.map((row) => textOf(row, 'id'))));
  }
  const same = (order: string) => new Map([['order', order]]);
  for (const order of orders) requireSame(invariant, `order of ${what}`, same(orders[0] ?? ''), same(order));
}

async function allPages(turn: readonly Reads[], ask: Ask, limit: number): Promise<Item[]> {
  const rows: Item[] = [];
  let pageToken: string | undefined;
  for (let at = 0; at === 0 || pageToken !== undefined; at += 1) {
    const page = await ask(turn[at % turn.length] as Reads, { limit, pageToken });
    rows.push(...page.rows);
    pageToken = page.nextPageToken;
  }
  return rows;
}

/** The same row over HTTP: ids come out of the path as they went in. */
async function requireHttp(
  sides: Sides,
  path: { readonly tenantId: string; readonly linkId: string },
  row: Item,
): Promise<void> {
  const event = {
    routeKey: 'GET /tenants/{tenantId}/links/{linkId}',
    pathParameters: path,
    headers: {},
    requestContext: { authorizer: { iam: { userArn: 'arn:aws:sts::000000000000:assumed-role/service/session' } } },
  };
  const callers = [{ principal: 'arn:aws:iam::000000000000:role/service', tenants: 'any' as const }];
  const what = `HTTP ${JSON.stringify(path)}`;
  const answer = await mustFinish(what, () => answerHttpRead(sides.new, callers, parseHttpEvent(event)), invariant);
  const found = answer.statusCode === 200 ? (JSON.parse(answer.body) as { row: Item }).row : undefined;
  requireSame(invariant, what, rowText(row), rowText(found));
}
