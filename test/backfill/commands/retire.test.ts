import { describe, expect, test } from 'vitest';
import { takeLastBackups } from '../../../backfill/commands/retire/last-backups.ts';
import {
  DAY_MS,
  isForBackup,
  type RetireEvidence,
  whatKeepsOldTables,
} from '../../../backfill/commands/retire/what-keeps-old-tables.ts';
import { whatMayGo } from '../../../backfill/commands/retire/what-may-go.ts';
import type { FlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { readRetirement } from '../../../functions/tables/control/documents.ts';
import type { Backup, Backups } from '../../../functions/tables/dynamo/backups.ts';
import { dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import type { RollingState } from '../../../functions/validation/rolling-state.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { AGREEING } from '../../gate/agreeing-summary.ts';
import { FINISHED_RUN } from '../../gate/finished-run.ts';
import { healthyAt } from '../../health/healthy.ts';
import { runCli } from '../../run-cli.ts';

const NOW_MS = Date.parse('2026-05-10T12:00:00Z');
const LIMITS = { reportAgeMaxMs: 3_600_000, lagMaxMs: 60_000 };
const ago = (days: number): string => new Date(NOW_MS - days * DAY_MS).toISOString();

const toNew = (percent: number): FlagContent => ({
  enabled: true,
  stage: 'new',
  percent,
  tenants: [],
  lagBoundMs: 1_000,
});
const flagOf = (deployed: FlagContent, days: number): FlagState => ({
  deployed,
  inProgress: undefined,
  last: { number: 7, version: 9, state: 'COMPLETE', percentageComplete: 100, completedAt: ago(days) },
});
const REPORT = { ...AGREEING, at: ago(0.01) };
const HELD = { ...REPORT, counts: { ...REPORT.counts, held: 3 } };
const ROUND: RollingState = {
  parts: 96,
  next: 4,
  roundStartedAt: ago(0.5),
  rowsCompared: 50,
  rowsDiffering: 0,
  lastRoundEndedAt: ago(0.5),
  lastRoundDiffering: 0,
};
const { lastRoundEndedAt: _, ...FIRST_ROUND } = ROUND;
const backup = (days: number, status: Backup['status'] = 'AVAILABLE'): Backup => ({
  arn: `arn:${days}`,
  name: 'backup',
  status,
  createdAt: ago(days),
  sizeBytes: 1,
});
const RECENT = [backup(30), backup(0.2)];
const BACKUPS = { goalKpiLinks: RECENT, kpiMilestones: RECENT, kpiActuals: RECENT, kpiReadings: RECENT };

const READY: RetireEvidence = {
  report: REPORT,
  run: FINISHED_RUN,
  mappingHash: 'mapping',
  unaccepted: [],
  unfinished: [],
  lagMs: { links: 0, milestones: 0, actuals: 0, readings: 0 },
  replication: healthyAt(NOW_MS),
  flag: flagOf(toNew(100), 8),
  rolling: ROUND,
  backups: BACKUPS,
  heldAccepted: false,
};

describe('the old tables', () => {
  test('may go where nothing is open', () => {
    expect(whatKeepsOldTables(READY, LIMITS, NOW_MS)).toEqual([]);
  });

  test('may go with held records that a person answers for', () => {
    expect(whatKeepsOldTables({ ...READY, report: HELD, heldAccepted: true }, LIMITS, NOW_MS)).toEqual([]);
  });

  const rolledBack = { begunAt: ago(0.4), by: 'Ada', endedAt: ago(0.3) };
  const inProgress = { number: 8, version: 9, state: 'BAKING', percentageComplete: 100, flag: toNew(100) } as const;
  test.each<[code: string, changes: Partial<RetireEvidence>, command: string]>([
    ['READS_NOT_NEW', { flag: flagOf(toNew(99), 8) }, 'kpi-migrate stage new --percent 100 --execute'],
    ['READS_NOT_NEW', { flag: flagOf({ ...toNew(100), stage: 'shadow' } as FlagContent, 8) }, 'kpi-migrate stage'],
    ['READS_NOT_NEW', { flag: flagOf({ enabled: false }, 8) }, 'kpi-migrate stage'],
    ['READS_NOT_NEW', { flag: { ...READY.flag, deployed: undefined } }, 'kpi-migrate stage'],
    ['READS_NEW_RECENTLY', { flag: flagOf(toNew(100), 6.9) }, 'kpi-migrate status'],
    ['READS_NEW_RECENTLY', { flag: { ...READY.flag, last: undefined } }, 'kpi-migrate status'],
    ['FLAG_DEPLOYING', { flag: { ...READY.flag, inProgress } }, 'kpi-migrate status'],
    ['NO_REPORT', { report: undefined }, 'kpi-migrate validate'],
    [
      'REPORT_DISAGREES',
      { report: { ...REPORT, verdict: 'disagree' } },
      'kpi-migrate repair --execute; after it, kpi-migrate validate',
    ],
    ['REPORT_OLD', { report: { ...REPORT, at: ago(1) } }, 'kpi-migrate validate'],
    ['ROLLBACK_UNFINISHED', { rollback: { begunAt: ago(3), by: 'Ada' } }, 'kpi-migrate rollback'],
    ['QUARANTINE_NOT_ACCEPTED', { unaccepted: ['links l1'] }, 'kpi-migrate quarantine list'],
    ['RECORDS_HELD', { report: HELD }, 'kpi-migrate held list'],
    ['NO_STANDING_ROUND', { rolling: undefined }, 'kpi-migrate watch'],
    ['NO_STANDING_ROUND', { rolling: FIRST_ROUND }, 'kpi-migrate watch'],
    ['STANDING_ROUND_OLD', { rolling: { ...ROUND, lastRoundEndedAt: ago(3.1) } }, 'kpi-migrate watch'],
    ['STANDING_ROUND_OLD', { rollback: rolledBack }, 'kpi-migrate watch'],
    ['STANDING_ROUND_DIFFERS', { rolling: { ...ROUND, lastRoundDiffering: 1 } }, 'kpi-migrate validate'],
    ['STANDING_ROUND_DIFFERS', { rolling: { ...ROUND, rowsDiffering: 1 } }, 'kpi-migrate validate'],
    ['BACKUP_MISSING', { backups: { ...BACKUPS, kpiActuals: [] } }, 'kpi-migrate backup'],
    ['BACKUP_MISSING', { backups: { ...BACKUPS, kpiActuals: [backup(0, 'CREATING')] } }, 'kpi-migrate backup'],
    ['BACKUP_OLD', { backups: { ...BACKUPS, kpiReadings: [backup(1.1)] } }, 'kpi-migrate backup'],
    ['BACKUPS_UNSUPPORTED', { backups: undefined }, 'kpi-migrate retire --env'],
  ])('stay for %s alone', (code, changes, command) => {
    expect(whatKeepsOldTables({ ...READY, ...changes }, LIMITS, NOW_MS)).toEqual([
      { code, message: expect.any(String), nextStep: expect.stringContaining(command) },
    ]);
  });

  test('stay for all that is open, told at once', () => {
    const open = whatKeepsOldTables({ ...READY, report: HELD, rolling: undefined, backups: undefined }, LIMITS, NOW_MS);
    expect(open.map(({ code }) => code)).toEqual(['RECORDS_HELD', 'NO_STANDING_ROUND', 'BACKUPS_UNSUPPORTED']);
    expect(open.some(isForBackup)).toBe(false);
  });
});

test.each([
  ['an acceptance by nobody', ['--accept-held']],
  ['a name for nothing', ['--by', 'Ada']],
])('%s is bad usage', async (_name, given) => {
  const { exitCode, stderr } = await runCli(['retire', ...given]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('SETTINGS_RETIRE');
});

describe('with everything ready', () => {
  const settings = readSettings('production');

  async function retire(changes: Partial<Backups> = {}) {
    const { control } = dynamoTables(engineClient(), await createTestTables());
    const result = await takeLastBackups({
      backups: {
        create: async (tableName) => ({ ...backup(0), arn: `arn:${tableName}` }),
        describe: async () => backup(0),
        list: async () => [],
        ...changes,
      },
      control,
      settings,
      heldRecords: 3,
      heldAcceptedBy: 'Ada',
      by: 'Grace on laptop',
      nowMs: () => NOW_MS,
      sleep: async () => {},
      note: () => {},
    });
    return { result, noted: await readRetirement(control) };
  }

  test('last backups are taken, who answers is noted, and what may go is told', async () => {
    const { result, noted } = await retire();
    expect(result.exitCode).toBe(0);
    expect(noted).toMatchObject({
      at: '2026-05-10T12:00:00.000Z',
      by: 'Grace on laptop',
      acceptedHeld: { by: 'Ada', records: 3 },
      backupArns: expect.arrayContaining(['arn:purposepath-kpi-actuals']),
    });
    expect(result.lines.join('\n')).toMatch(/Nothing was deleted[\s\S]*1\. The service team/);
  });

  test('nothing may go where a backup fails', async () => {
    const { result, noted } = await retire({ create: async () => undefined });
    expect(result.exitCode).toBe(1);
    expect(result.lines.join('\n')).not.toContain('delete-table');
    expect(noted).toBeUndefined();
  });

  test('the four old tables and the control table may go, the look-up and the new tables stay', () => {
    const commands = whatMayGo(settings).flatMap((step) => step.commands);
    expect(commands.filter((command) => command.includes('delete-table'))).toEqual(
      ['goalKpiLinks', 'kpiMilestones', 'kpiActuals', 'kpiReadings', 'control'].map(
        (role) =>
          `aws dynamodb delete-table --region us-east-1 --table-name ${settings.tables[role as keyof typeof settings.tables]}`,
      ),
    );
    expect(commands.filter((command) => command.includes('cdk destroy'))).toEqual([
      'npx cdk destroy kpi-migration-production -c environment=production',
      'npx cdk destroy kpi-migration-production-state -c environment=production',
    ]);
  });
});
