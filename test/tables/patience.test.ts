import { Readable } from 'node:stream';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { guardWrites } from '../../backfill/copy/copier.ts';
import { connectReads } from '../../functions/tables/connect-reads.ts';
import { acceptQuarantined, listQuarantine } from '../../functions/tables/control/quarantine-entries.ts';
import { describeTable } from '../../functions/tables/dynamo/descriptions.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import { testTableNames } from '../engine-client.ts';
import { replicationOver } from '../sync/fixtures.ts';

const THROTTLED = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
const OTHER = 'com.amazonaws.dynamodb.v20120810#AccessDeniedException';

/** How many requests are refused from now on, and with what. */
let refusals: { left: number; readonly type: string };
let requests: number;
let onRequest: () => void;

const requestHandler = {
  async handle() {
    requests += 1;
    onRequest();
    refusals.left -= 1;
    const answer = refusals.left < 0 ? { status: 200, body: {} } : { status: 400, body: { __type: refusals.type } };
    const headers = { 'content-type': 'application/x-amz-json-1.0' };
    const body = Readable.from([Buffer.from(JSON.stringify(answer.body))]);
    return { response: { statusCode: answer.status, headers, body } };
  },
};
/** The SDK itself tries once: what is overcome is not overcome by it. */
const config = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  requestHandler: requestHandler as never,
  maxAttempts: 1,
};
const names = testTableNames();
const kpi = { tenantId: 't', kpiId: 'k' };
const PAGE = { descending: false, limit: 1 };
const segment = { segment: 0, totalSegments: 1 };

beforeEach(() => {
  refusals = { left: 2, type: THROTTLED };
  requests = 0;
  onRequest = () => {};
});

const CALLS: readonly [string, (client: DynamoDBClient) => Promise<unknown>][] = [
  ['a link', (client) => dynamoTables(client, names).old.readLink('l')],
  ['a KPI', (client) => dynamoTables(client, names).old.readKpi('k')],
  ['people', (client) => dynamoTables(client, names).old.queryPeople('u')],
  ['a page of record ids', (client) => dynamoTables(client, names).old.queryRecordIds('actuals', kpi)],
  ['a scan of an old table', (client) => dynamoTables(client, names).old.scan('links', segment)],
  ['a scan of a look-up table', (client) => dynamoTables(client, names).old.scanLookUps('kpi', segment)],
  ['a scan of a new table', (client) => dynamoTables(client, names).data.scan('kpiData', segment)],
  ['touched records', (client) => dynamoTables(client, names).control.queryTouchedRecords(kpi)],
  ['spilled links', (client) => dynamoTables(client, names).control.querySpilledLinks(kpi)],
  ['a scan of touched records', (client) => dynamoTables(client, names).control.scanTouchedRecords(segment)],
  ['a scan of KPI rows', (client) => dynamoTables(client, names).control.scanKpis(segment)],
  ['a mark that is cleared', (client) => dynamoTables(client, names).control.clearMark(kpi, 'sweep_pending', 'x')],
  ['a plain row', (client) => dynamoTables(client, names).control.get('p', 's')],
  ['a plain row that is put', (client) => dynamoTables(client, names).control.put('p', 's', {})],
  ['a plain row that is deleted', (client) => dynamoTables(client, names).control.delete('p', 's')],
  ['a partition of plain rows', (client) => dynamoTables(client, names).control.list('p')],
  ['a transactional read', (client) => dynamoTables(client, names).transactions.read([ROW])],
  ['a single write', (client) => dynamoTables(client, names).transactions.write([{ kind: 'delete', ...ROW }])],
  ['quarantine', (client) => Array.fromAsync(listQuarantine(client, names, ['links']))],
  ['a scan of a validation', (client) => dynamoValidationReads(client, names, async () => {}).scan('kpiData', segment)],
  [
    "a validation's page of ids",
    (client) => dynamoValidationReads(client, names, async () => {}).listIds('kpiLinks', 'kpi', 'k'),
  ],
  ['the description of a table', (client) => describeTable(client, 't')],
];
const ROW = { table: 'control', key: { pk: { S: 'p' }, sk: { S: 's' } } } as const;

describe.each(CALLS)('%s', (_, call) => {
  test('outlasts throttles that the SDK does not', async () => {
    await call(connect(config));
    expect(requests).toBe(3);
  });

  test('is refused at once by what does not pass', async () => {
    refusals = { left: Number.POSITIVE_INFINITY, type: OTHER };
    await expect(call(connect(config))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(requests).toBe(1);
  });
});

test('an image in quarantine expires, however often its rows are throttled', async () => {
  const image = { digest: 'd', parts: 1 };
  const entry = { source: 'links', id: 'l', quarantinedAt: '2026-01-01T00:00:00Z', image } as const;
  let sent = 0;
  onRequest = () => {
    sent += 1;
    // The transaction is first, and passes.
    refusals = { left: sent === 2 || sent === 3 ? 1 : 0, type: THROTTLED };
  };
  await acceptQuarantined(connect(config), names, entry, { by: 'a', at: '2026-01-01T00:00:00Z' }, 1);
  expect(requests).toBe(4);
});

const READS: readonly [string, (reads: ReturnType<typeof connectReads>) => Promise<unknown> | undefined][] = [
  ['the kill switch', (reads) => reads.readKillSwitch?.()],
  ['a new link', (reads) => reads.new.getLink('l')],
  ['a new data row', (reads) => reads.new.getData('d')],
  ['new links', (reads) => reads.new.queryLinks('kpi-index', 'k', 't')],
  ['new data', (reads) => reads.new.queryData('kpi-link-index', 'l', 't', PAGE)],
  ['an old KPI', (reads) => reads.old.readKpi('k')],
  ['people', (reads) => reads.old.queryPeople('u')],
  ['old links', (reads) => reads.old.queryLinkIds('kpi-index', 'k')],
  ['old records', (reads) => reads.old.queryRecords('actuals', 'k', PAGE)],
];

test.each(READS)("a reader's %s waits no longer than the SDK does", async (_, read) => {
  await expect(read(connectReads(names, config))).rejects.toMatchObject({
    name: 'ProvisionedThroughputExceededException',
  });
  expect(requests).toBe(1);
});

test.each(['put', 'delete'] as const)('a %s of a plain row asks for the lease before each attempt', async (kind) => {
  let isHeld = true;
  onRequest = () => {
    isHeld = requests < 2;
  };
  refusals = { left: 5, type: THROTTLED };
  const replication = replicationOver(connect(config), names);
  const { data } = dynamoTables(connect(config), names);
  const stop = new AbortController().signal;
  const options = { replication, data, pace: async () => undefined, sleep: async () => {}, stop };
  const { control } = guardWrites(options, () => {
    if (!isHeld) throw new RangeError('lost');
  }).replication;
  const write = kind === 'put' ? control.put('p', 's', {}) : control.delete('p', 's');
  await expect(write).rejects.toThrow('lost');
  expect(requests).toBe(2);
});
