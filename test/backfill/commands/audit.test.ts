import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bundle, bundleOf } from '../../../backfill/commands/report/bundle.ts';
import { type AuditFacts, readFacts } from '../../../backfill/commands/report/facts.ts';
import { timelineOf } from '../../../backfill/commands/report/timeline.ts';
import { requireEmptyFolder, writeBundle } from '../../../backfill/commands/report/write-bundle.ts';
import { runBackfill } from '../../../backfill/copy/backfill.ts';
import { startFlagDeployment } from '../../../functions/flag/deployments.ts';
import { readFlagHistory } from '../../../functions/flag/history.ts';
import { createFlagVersion } from '../../../functions/flag/versions.ts';
import { mappingHash } from '../../../functions/migration/mapping-hash.ts';
import { acceptQuarantined, listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { keepReport } from '../../../functions/tables/control/validation-report.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { AGREEING } from '../../gate/agreeing-summary.ts';
import { ALL_AT_ONCE, APPLICATION, ENVIRONMENT, PROFILE, standIn } from '../../local/appconfig/stand-in.ts';
import { replicationOver } from '../../sync/fixtures.ts';
import { backfillOptions } from '../backfill-options.ts';
import { load, oldItems } from '../old-items.ts';

const client = engineClient();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ids = { applicationId: APPLICATION, environmentId: ENVIRONMENT, profileId: PROFILE };
const SHADOW = { enabled: true, stage: 'shadow', percent: 0, tenants: [], lagBoundMs: 1_000 } as const;

/** A migration that has been copied and validated, with one item accepted and two deployments of the flag. */
async function factsOfMigration(): Promise<AuditFacts> {
  const names = await createTestTables();
  const tables = replicationOver(client, names);
  await load(client, names, oldItems(3));
  await runBackfill(backfillOptions({ replication: tables, data: tables.data }));
  await keepReport(tables.control, { ...AGREEING, runId: 'earlier', at: '2026-05-01T10:00:00.000Z' }, true);
  await keepReport(tables.control, AGREEING, true);
  const [entry] = await Array.fromAsync(listQuarantine(client, names, ['milestones']));
  await acceptQuarantined(client, names, entry as QuarantineEntry, { by: 'Ada', at: '2026-05-01T11:00:00.000Z' });
  const { control, passMinutes } = await standIn();
  for (const [at, by] of ['Ada', 'Grace'].entries()) {
    const flag = at === 0 ? { ...SHADOW, tenants: [] } : ({ enabled: false } as const);
    const version = await createFlagVersion(control, ids, flag, at + 1, by);
    await startFlagDeployment(control, ids, version, ALL_AT_ONCE);
    passMinutes(5);
  }
  return readFacts({
    settings: { ...readSettings('production'), tables: names, alarms: { email: 'ada@example.org' } },
    control: tables.control,
    quarantine: () => listQuarantine(client, names),
    flagHistory: () => readFlagHistory(control, ids),
    by: 'Ada on laptop',
    nowMs: () => Date.parse('2026-05-01T12:00:00Z'),
  });
}

function json({ files }: Bundle, name: string) {
  return JSON.parse(files.find((file) => file.name === name)?.content ?? '');
}

describe('the audit bundle of a migration', () => {
  test('tells settings, mapping, run, validations, quarantine, flag and lag', async () => {
    const bundle = bundleOf(await factsOfMigration());

    expect(json(bundle, 'settings.json')).toMatchObject({ name: 'production', backfill: { segments: 16 } });
    expect(json(bundle, 'mapping.json')).toEqual({ mappingHash: mappingHash() });
    const { run, checkpoints } = json(bundle, 'backfill.json');
    expect(run).toMatchObject({ finishedAt: expect.any(String), totalSegments: 2 });
    expect(checkpoints).toHaveLength(12);
    expect(checkpoints[0]).toMatchObject({ pass: 'links', segment: 0, done: true });
    expect(json(bundle, 'validations.json').reports.map(({ runId }: { runId: string }) => runId)).toEqual([
      'earlier',
      'run',
      'run',
    ]);
    const quarantine = json(bundle, 'quarantine.json');
    expect(quarantine).toHaveLength(3);
    expect(quarantine.filter((entry: QuarantineEntry) => entry.accepted)).toMatchObject([
      { source: 'milestones', accepted: { by: 'Ada', at: '2026-05-01T11:00:00.000Z' } },
    ]);
    expect(json(bundle, 'read-flag.json')).toMatchObject([
      { number: 1, by: 'Ada', startedAt: expect.any(String), flag: { stage: 'shadow' } },
      { number: 2, by: 'Grace', completedAt: expect.any(String), flag: { enabled: false } },
    ]);
    expect(json(bundle, 'lag.json')).toEqual({
      at: '2026-05-01T12:00:00.000Z',
      lagMs: { links: 0, milestones: 0, actuals: 0, readings: 0 },
    });
  });

  test('holds neither tenants’ data nor a person’s address', async () => {
    const whole = bundleOf(await factsOfMigration())
      .files.map(({ content }) => content)
      .join('');
    expect(whole).not.toContain('ada@example.org');
    expect(whole).not.toContain('milestone_date":');
    expect(whole).toMatch(/"imageSha256": "[0-9a-f]{64}"/);
  });

  test('has an index that names every file with its digest', async () => {
    const { files, index } = bundleOf(await factsOfMigration());
    const page = files.find(({ name }) => name === 'index.md')?.content ?? '';
    const rest = files.filter(({ name }) => name !== 'index.md');
    expect(index.map(({ file }) => file)).toEqual(rest.map(({ name }) => name));
    for (const { name, content } of rest) {
      expect(page).toContain(`\`${name}\``);
      expect(page).toContain(createHash('sha256').update(content).digest('hex'));
    }
    expect(page).toContain('Read at 2026-05-01T12:00:00.000Z by Ada on laptop');
  });

  test('has a page with a timeline of who did what and why, in which values are text', async () => {
    const facts = await factsOfMigration();
    const operation = {
      ...{ command: 'backfill', arguments: ['--execute'], operator: 'Ada <b>', reason: 'change 4711' },
      ...{ startedAt: '2026-05-01T09:00:00.000Z', endedAt: '2026-05-01T09:30:00.000Z', exitCode: 0, outcome: 'Done.' },
    };
    const page = bundleOf({ ...facts, operations: [operation] }).files.find(({ name }) => name === 'audit.html');
    expect(page?.content).toMatch(/backfill --execute \(exit 0: Done\.\)<\/td><td>Ada &lt;b&gt;<\/td><td>change 4711/);
    expect(page?.content).toMatch(/milestones \S+ \([\w-]+\) was accepted\.<\/td><td>Ada</);
    expect(page?.content).toContain('Deployment 1, COMPLETE: all reads use the old tables, and some are compared');
    expect(page?.content.match(/<circle/g)?.length).toBeGreaterThanOrEqual(6);
    expect(page?.content.match(/<rect/g)).toHaveLength(2);
    expect(page?.content).not.toMatch(/<script|(?:src|href)=/);
    const times = timelineOf(facts).map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
  });

  test('is the same to the byte whatever order the facts are read in', async () => {
    const facts = await factsOfMigration();
    const turned = <T extends object>(row: T): T => Object.fromEntries(Object.entries(row).reverse()) as T;
    const other = {
      ...turned(facts),
      checkpoints: facts.checkpoints.toReversed().map(turned),
      reports: facts.reports.toReversed().map(turned),
    };
    expect(bundleOf(other)).toEqual(bundleOf(facts));
  });
});

describe('the folder of a bundle', () => {
  const files = [
    { name: 'a.json', says: 'a', content: '{}' },
    { name: 'index.md', says: 'index', content: '#' },
  ];

  test('is made, and gets every file', async () => {
    const made = join(folder, 'new', 'bundle');
    await requireEmptyFolder(made);
    await writeBundle(made, files);
    expect(readdirSync(made)).toEqual(['a.json', 'index.md']);
    expect(readFileSync(join(made, 'index.md'), 'utf8')).toBe('#');
  });

  test('is refused where it has files', async () => {
    writeFileSync(join(folder, 'note.txt'), 'mine');
    await expect(requireEmptyFolder(folder)).rejects.toMatchObject({
      code: 'REPORT_FOLDER_NOT_EMPTY',
      nextStep: expect.stringContaining('--out'),
    });
  });

  test('keeps a file that came meanwhile', async () => {
    writeFileSync(join(folder, 'a.json'), 'mine');
    await expect(writeBundle(folder, files)).rejects.toThrow('EEXIST');
    expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('mine');
  });
});
