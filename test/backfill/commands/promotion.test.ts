import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readEvidenceBundle } from '../../../backfill/commands/promotion/evidence-bundle.ts';
import { missingPromotion } from '../../../backfill/commands/promotion/missing-promotion.ts';
import { requirePromotion } from '../../../backfill/commands/promotion/require-promotion.ts';
import { bundleOf } from '../../../backfill/commands/report/bundle.ts';
import { readFacts } from '../../../backfill/commands/report/facts.ts';
import { writeBundle } from '../../../backfill/commands/report/write-bundle.ts';
import type { FlagHistoryEntry } from '../../../functions/flag/history.ts';
import { mappingHash } from '../../../functions/migration/mapping-hash.ts';
import type { ControlTable } from '../../../functions/tables/control/control-table.ts';
import { writeRun } from '../../../functions/tables/control/documents.ts';
import { readPromotion } from '../../../functions/tables/control/promotions.ts';
import { keepReport } from '../../../functions/tables/control/validation-report.ts';
import { dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { AGREEING } from '../../gate/agreeing-summary.ts';
import { FINISHED_RUN } from '../../gate/finished-run.ts';

const NOW_MS = Date.parse('2026-05-20T12:00:00Z');
const ALL_NEW: FlagHistoryEntry = {
  number: 3,
  version: 3,
  state: 'COMPLETE',
  percentageComplete: 100,
  completedAt: '2026-05-10T12:00:00.000Z',
  by: 'Ada',
  flag: { enabled: true, stage: 'new', percent: 100, tenants: [], lagBoundMs: 1_000 },
};

async function controlTable(): Promise<ControlTable> {
  return dynamoTables(engineClient(), await createTestTables()).control;
}

/** The bundle of an environment that has come so far. */
async function bundleFrom(
  environment: string,
  come: 'nowhere' | 'backfilled' | 'read',
  nowMs = NOW_MS,
): Promise<string> {
  const control = await controlTable();
  if (come !== 'nowhere') {
    await writeRun(control, FINISHED_RUN);
    await keepReport(control, { ...AGREEING, mappingHash: mappingHash() }, true);
  }
  const facts = await readFacts({
    settings: readSettings(environment),
    control,
    quarantine: async function* () {},
    flagHistory: async () => (come === 'read' ? [ALL_NEW] : []),
    by: 'Ada',
    nowMs: () => nowMs,
  });
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeBundle(folder, bundleOf(facts).files);
  return folder;
}

describe('the settings', () => {
  test('put staging before production and dev before staging, and nothing before the others', () => {
    const before = ['local', 'dev', 'staging', 'production'].map((name) => readSettings(name).promotion.after);
    expect(before).toEqual([null, null, 'dev', 'staging']);
  });
});

describe('a step of an environment that comes after another', () => {
  const production = readSettings('production');
  const who = { by: 'Bob', nowMs: NOW_MS };
  let control: ControlTable;
  beforeEach(async () => {
    control = await controlTable();
  });

  test('is refused without evidence, and the refusal says how to come by it', async () => {
    await expect(requirePromotion(control, production, 'backfill', {}, who)).rejects.toMatchObject({
      code: 'PROMOTION_MISSING',
      nextStep: expect.stringMatching(
        /report --env staging --out DIR.*backfill --execute --evidence DIR.*--without-evidence-by/,
      ),
    });
    expect(await readPromotion(control, 'backfill')).toBeUndefined();
  });

  test('is let through with evidence, which is noted, and then without asking again', async () => {
    const evidence = await bundleFrom('staging', 'backfilled');
    await requirePromotion(control, production, 'backfill', { evidence }, who);
    expect(await readPromotion(control, 'backfill')).toEqual({
      step: 'backfill',
      at: '2026-05-20T12:00:00.000Z',
      by: 'Bob',
      mappingHash: mappingHash(),
      from: 'staging',
      bundleSha256: (await readEvidenceBundle(evidence)).digest,
    });
    await requirePromotion(control, production, 'backfill', {}, who);
    await expect(requirePromotion(control, production, 'reads', {}, who)).rejects.toThrow('staging');
  });

  test('that moves reads needs evidence that all reads were on the new tables there', async () => {
    const backfilled = await bundleFrom('staging', 'backfilled');
    await expect(requirePromotion(control, production, 'reads', { evidence: backfilled }, who)).rejects.toThrow(
      'staging has never had all reads on the new tables.',
    );
    await requirePromotion(control, production, 'reads', { evidence: await bundleFrom('staging', 'read') }, who);
    expect(await readPromotion(control, 'reads')).toMatchObject({ from: 'staging', by: 'Bob' });
  });

  test('is let through where somebody answers for it by name, and that is noted', async () => {
    await requirePromotion(control, production, 'backfill', { withoutEvidenceBy: 'Grace' }, who);
    const noted = await readPromotion(control, 'backfill');
    expect(noted).toMatchObject({ overriddenBy: 'Grace', by: 'Bob', from: 'staging' });
    expect(noted).not.toHaveProperty('bundleSha256');
  });

  test('asks again once the mapping has changed', async () => {
    await requirePromotion(control, production, 'backfill', { withoutEvidenceBy: 'Grace' }, who);
    const noted = await readPromotion(control, 'backfill');
    await control.put('promotion', 'backfill', { ...noted, mappingHash: 'another' });
    await expect(requirePromotion(control, production, 'backfill', {}, who)).rejects.toMatchObject({
      code: 'PROMOTION_MISSING',
    });
  });

  test('is not asked of the first environment', async () => {
    await requirePromotion(control, readSettings('dev'), 'backfill', {}, who);
    expect(await readPromotion(control, 'backfill')).toBeUndefined();
  });

  test.each<[string, (folder: string) => Promise<void>, string]>([
    [
      'a file that was changed',
      async (folder) => {
        const content = await readFile(join(folder, 'validations.json'), 'utf8');
        await writeFile(join(folder, 'validations.json'), content.replace('"agree"', '"disagree"'));
      },
      'validations.json is not the file that index.md names',
    ],
    ['no index', (folder) => rm(join(folder, 'index.md')), 'index.md cannot be read'],
    ['a file that is missing', (folder) => rm(join(folder, 'mapping.json')), 'mapping.json cannot be read'],
    ['more after its end', (folder) => appendFile(join(folder, 'lag.json'), ' '), 'lag.json is not the file'],
  ])('refuses a bundle with %s', async (_, spoil, message) => {
    const evidence = await bundleFrom('staging', 'read');
    await spoil(evidence);
    await expect(requirePromotion(control, production, 'backfill', { evidence }, who)).rejects.toMatchObject({
      code: 'EVIDENCE_UNREADABLE',
      message: expect.stringContaining(message),
    });
    expect(await readPromotion(control, 'backfill')).toBeUndefined();
  });
});

describe('evidence lacks', async () => {
  const demands = {
    step: 'reads',
    from: 'staging',
    mappingHash: mappingHash(),
    ageMaxDays: 30,
    nowMs: NOW_MS,
  } as const;
  test('nothing where the environment before has come through it', async () => {
    expect(missingPromotion(await readEvidenceBundle(await bundleFrom('staging', 'read')), demands)).toEqual([]);
  });

  test('everything where it has done nothing', async () => {
    const lacking = missingPromotion(await readEvidenceBundle(await bundleFrom('staging', 'nowhere')), demands);
    expect(lacking).toEqual([
      'No backfill of staging has finished.',
      'The last validation of staging is missing.',
      'staging has never had all reads on the new tables.',
    ]);
  });

  test.each([
    ['another environment', { from: 'dev' }, 'It is the bundle of staging, not of dev.'],
    ['another mapping', { mappingHash: 'x' }, 'staging used another version of the mapping.'],
    ['an age', { nowMs: NOW_MS + 31 * 86_400_000 }, 'not in the last 30 days'],
    ['an age from the future', { nowMs: NOW_MS - 1 }, 'not in the last 30 days'],
  ])('what it is of: %s', async (_, change, message) => {
    const evidence = await readEvidenceBundle(await bundleFrom('staging', 'read'));
    expect(missingPromotion(evidence, { ...demands, ...change }).join(' ')).toContain(message);
  });

  test.each([
    ['disagrees', { verdict: 'disagree' }, 'is disagree'],
    ['is partial', { coverage: 0.5 }, 'did not cover everything'],
    ['is of another mapping', { mappingHash: 'x' }, 'used another version of the mapping'],
  ])('a validation that holds: it %s', async (_, change, message) => {
    const evidence = await readEvidenceBundle(await bundleFrom('staging', 'read'));
    const report = { sk: 'report#latest', ...evidence.report, ...change };
    expect(missingPromotion({ ...evidence, report }, demands).join(' ')).toContain(message);
  });
});
