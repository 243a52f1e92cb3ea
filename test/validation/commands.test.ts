import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchWriteItemCommand, CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, startEngine } from '../../backfill/local/cloud/engine.ts';
import { oldTableSchemas, tableSchema } from '../../backfill/local/cloud/old-table-schemas.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { expectedRows } from '../../functions/migration/expected.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { itemDigest } from '../../functions/model/digest.ts';
import { fromJson } from '../../functions/tables/control/packed-image.ts';
import { readQuarantined } from '../../functions/tables/control/quarantine-entries.ts';
import { deleteEntry, putEntry } from '../../functions/tables/control/quarantine-rows.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { engineUrl } from '../engine-client.ts';
import { runCli } from '../run-cli.ts';
import { richContent } from './rich-content.ts';

/** Against the engine at this address. */
const run = (given: readonly string[], url: string) => runCli(given, { AWS_ENDPOINT_URL_DYNAMODB: url });

test.each([
  ['an unknown phase', ['validate', '--phase', 'kpis']],
  ['an unknown option', ['repair', '--force']],
])('%s is bad usage', async (_name, given) => {
  expect((await run(given, engineUrl())).exitCode).toBe(2);
});

test('without a control table there is no validation, and the next step is told', async () => {
  const { exitCode, stdout } = await run(['validate', '--json'], engineUrl());
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'CONTROL_TABLE_MISSING', nextStep: expect.stringContaining('preflight') },
  });
});

describe('over the tables of the local environment', () => {
  const { tables: names } = readSettings('local');
  const content = richContent(3);
  let engine: Engine;
  let folder: string;

  beforeAll(async () => {
    engine = await startEngine();
    folder = await mkdtemp(join(tmpdir(), 'validation-'));
    const client = connect(localClientConfig(engine.url));
    const schemas = [
      ...oldTableSchemas(names),
      tableSchema(names.kpiLinks, ['id'], { 'kpi-index': ['kpi_id'] }),
      tableSchema(names.kpiData, ['id'], { 'kpi-link-index': ['kpi_link_id', 'post_date'] }),
      tableSchema(names.control, ['pk', 'sk'], {}),
    ];
    for (const schema of schemas) await client.send(new CreateTableCommand(schema));
    const put = async (tableName: string, items: readonly Item[]) => {
      const requests = items.map((item) => ({ PutRequest: { Item: item } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
    };
    for (const source of SOURCES) await put(names[OLD_TABLE_OF[source]], content[source]);
    await put(names.kpis, content.kpis);
    await put(names.people, content.people);
    const expected = expectedRows(content, 'hold');
    await put(names.kpiLinks, [...expected.kpiLinks.values()]);
    await put(
      names.kpiData,
      [...expected.kpiData.values()].filter(({ id }) => JSON.stringify(id) !== '{"S":"actual-1"}'),
    );
  });

  afterAll(async () => {
    await engine.stop();
    await rm(folder, { recursive: true });
  });

  test('an item in quarantine is shown as it is, to the last byte', async () => {
    const image: Item = {
      id: { S: 'odd' },
      bytes: { B: new Uint8Array(randomBytes(1_000)) },
      sets: { M: { bytes: { BS: [new Uint8Array([0, 255])] }, numbers: { NS: ['1E-130', '12345678901234567890'] } } },
      number: { N: '0.10' },
      text: { S: 'a\u0000\u2028 \ud83d\ude00' },
    };
    const { transactions } = dynamoTables(connect(localClientConfig(engine.url)), names);
    const reason = { code: 'missing-attribute', attribute: 'value', message: 'value is required.' } as const;
    const entry = { source: 'events', id: 'odd', reason, quarantinedAt: '2026-01-01T00:00:00.000Z' } as const;
    await transactions.write(putEntry(entry, image, 'whole', undefined));
    const shown = await run(['quarantine', 'show', 'events', 'odd', '--json'], engine.url);
    const { image: told, next, ...about } = JSON.parse(shown.stdout);
    expect(next.command).toMatch(/ quarantine accept events --by=\S+ --execute odd$/);
    expect(fromJson(told)).toEqual(image);
    expect(about).toEqual({ ...entry, imageSha256: itemDigest(image) });
    const listed = JSON.parse((await run(['quarantine', 'list', '--json'], engine.url)).stdout);
    expect(listed.entries).toContainEqual(about);
  });

  test('a list of quarantine names tenant, KPI, table, id and date of each old item', async () => {
    const { transactions } = dynamoTables(connect(localClientConfig(engine.url)), names);
    const [item = {}] = content.readings;
    const image: Item = { ...item, id: { S: 'spoilt' }, value: { S: 'many' } };
    const reason = { code: 'wrong-type', attribute: 'value', message: 'value is no number.' } as const;
    const entry = { source: 'readings', id: 'spoilt', reason, quarantinedAt: '2026-01-01T00:00:00.000Z' } as const;
    await transactions.write(putEntry(entry, image, 'whole', undefined));
    const { stdout } = await run(['quarantine', 'list', '--json'], engine.url);
    const stored = await readQuarantined(transactions, 'readings', 'spoilt');
    await transactions.write(stored ? deleteEntry(stored.entry) : []);
    const context = { tenantId: textOf(image, 'tenant_id'), kpiId: textOf(image, 'kpi_id') };
    expect(JSON.parse(stdout).entries).toContainEqual({
      ...{ ...entry, ...context, date: textOf(image, 'reading_date'), table: names.kpiReadings },
      imageSha256: itemDigest(image),
    });
  });

  test('a difference is told, written down, mended and gone', { timeout: 240_000 }, async () => {
    const first = await run(['validate', '--json', '--out', folder], engine.url);
    expect(first.exitCode).toBe(1);
    expect(JSON.parse(first.stdout)).toMatchObject({ verdict: 'disagree', counts: { missing: 1 } });
    expect((await readdir(folder)).sort()).toEqual(['progress-comment.md', 'validation.html', 'validation.json']);
    const { next, ...document } = JSON.parse(first.stdout);
    expect(JSON.parse(await readFile(join(folder, 'validation.json'), 'utf8'))).toEqual(document);
    // These tables have no streams, and that comes first.
    expect(next.command).toMatch(/ preflight$/);

    const plan = await run(['repair'], engine.url);
    expect(plan).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing was written') });

    const repair = await run(['repair', '--execute', '--json'], engine.url);
    expect(JSON.parse(repair.stdout)).toMatchObject({ mended: 1, remaining: [] });
    expect(repair.exitCode).toBe(0);

    const markdown = await run(['validate', '--markdown'], engine.url);
    expect(markdown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('### Progress Update') });
    const nothing = await run(['repair', '--execute'], engine.url);
    expect(nothing).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing to repair') });
  });

  test('a reseed waits for the end of the first backfill', async () => {
    const { exitCode, stdout } = await run(['reseed', '--table', 'actuals', '--execute', '--json'], engine.url);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'BACKFILL_UNFINISHED',
      nextStep: expect.stringContaining('backfill --execute'),
    });
  });

  test('a round of the standing check sees every row', async () => {
    const { exitCode, stdout } = await run(['watch', '--once', '--json'], engine.url);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ parts: 96, rowsCompared: 24, rowsDiffering: 0 });
  });

  test('a table that has vanished makes every command fail, and say which', { timeout: 240_000 }, async () => {
    await connect(localClientConfig(engine.url)).send(new DeleteTableCommand({ TableName: names.kpiActuals }));
    for (const command of ['validate', 'repair']) {
      const { exitCode, stdout } = await run([command, '--json'], engine.url);
      expect(exitCode).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        verdict: 'inconclusive',
        reasons: [expect.stringMatching(new RegExp(`${names.kpiActuals}.*preflight`))],
      });
    }
    const watched = await run(['watch', '--once', '--json'], engine.url);
    expect(watched.exitCode).toBe(1);
    expect(JSON.parse(watched.stdout).error).toMatchObject({
      code: 'TABLE_MISSING',
      message: expect.stringContaining(names.kpiActuals),
      nextStep: expect.stringContaining('kpi-migrate -- watch'),
    });
  });
});
