import { describe, expect, test } from 'vitest';
import type { FlagContent } from '../../functions/flag/document.ts';
import { type GateInputs, GateRefusedError, passGate } from '../../functions/gate/gate.ts';
import { type GateEvidence, missingEvidence } from '../../functions/gate/missing-evidence.ts';
import type { ValidationSummary } from '../../functions/tables/control/validation-report.ts';
import { healthyAt } from '../health/healthy.ts';
import { AGREEING } from './agreeing-summary.ts';
import { FINISHED_RUN } from './finished-run.ts';

const NOW_MS = Date.parse('2026-05-01T12:00:00Z');
const LIMITS = { reportAgeMaxMs: 3_600_000, lagMaxMs: 60_000 };

const GOOD: GateEvidence = {
  report: AGREEING,
  run: FINISHED_RUN,
  mappingHash: 'mapping',
  unaccepted: [],
  unfinished: [],
  lagMs: { links: 0, milestones: 0, actuals: 60_000, readings: 0 },
  replication: healthyAt(NOW_MS),
};

test('evidence that lacks nothing refuses nothing', () => {
  expect(missingEvidence(GOOD, LIMITS, NOW_MS)).toEqual([]);
});

const { finishedAt: _, ...UNFINISHED_RUN } = FINISHED_RUN;
const ROLLED_BACK = { begunAt: '2026-05-01T11:20:00.000Z', by: 'Ada', endedAt: '2026-05-01T11:29:00.000Z' };

test('a validation that began after a rollback is evidence', () => {
  expect(missingEvidence({ ...GOOD, rollback: ROLLED_BACK }, LIMITS, NOW_MS)).toEqual([]);
});

describe('each condition refuses alone, and names the command for it', () => {
  const withReport = (changes: Partial<ValidationSummary>): GateEvidence => ({
    ...GOOD,
    report: { ...AGREEING, ...changes },
  });
  test.each<[code: string, evidence: GateEvidence, command: string]>([
    ['NO_REPORT', { ...GOOD, report: undefined }, 'kpi-migrate validate'],
    [
      'REPORT_DISAGREES',
      withReport({ verdict: 'disagree' }),
      'kpi-migrate repair --execute; after it, kpi-migrate validate',
    ],
    ['REPORT_INCONCLUSIVE', withReport({ verdict: 'inconclusive' }), 'kpi-migrate validate'],
    ['REPORT_PARTIAL', withReport({ coverage: 0.999 }), 'kpi-migrate validate'],
    ['REPORT_EMPTY', withReport({ rowsCompared: 0 }), 'kpi-migrate validate'],
    ['REPORT_OLD', withReport({ at: '2026-05-01T10:59:59.999Z' }), 'kpi-migrate validate'],
    ['REPORT_OLD', withReport({ at: '2026-05-01T12:00:01.000Z' }), 'kpi-migrate validate'],
    ['REPORT_OLD', withReport({ at: 'yesterday' }), 'kpi-migrate validate'],
    ['MAPPING_CHANGED', withReport({ mappingHash: 'another' }), 'kpi-migrate validate'],
    ['NO_BACKFILL', { ...GOOD, run: undefined }, 'kpi-migrate backfill --execute'],
    ['BACKFILL_UNFINISHED', { ...GOOD, run: UNFINISHED_RUN }, 'kpi-migrate backfill --execute'],
    [
      'ROLLBACK_UNFINISHED',
      { ...GOOD, rollback: { begunAt: ROLLED_BACK.begunAt, by: 'Ada' } },
      'kpi-migrate rollback --execute',
    ],
    [
      'REPORT_BEFORE_ROLLBACK',
      { ...GOOD, rollback: { ...ROLLED_BACK, endedAt: AGREEING.at } },
      'kpi-migrate backfill --execute',
    ],
    ['QUARANTINE_NOT_ACCEPTED', { ...GOOD, unaccepted: ['links l1'] }, 'kpi-migrate quarantine list'],
    ['HEARTBEAT_MISSING', { ...GOOD, replication: undefined }, 'npx cdk deploy --all -c environment=NAME'],
    [
      'HEARTBEAT_MISSING',
      { ...GOOD, replication: healthyAt(NOW_MS - 300_000) },
      'look at the log and the schedule of that function',
    ],
    ['STREAM_BEHIND', { ...GOOD, lagMs: { ...GOOD.lagMs, links: 60_001 } }, 'kpi-migrate status'],
    ['STREAM_BEHIND', { ...GOOD, lagMs: { ...GOOD.lagMs, links: Number.NaN } }, 'kpi-migrate status'],
  ])('%s', (code, evidence, command) => {
    expect(missingEvidence(evidence, LIMITS, NOW_MS)).toEqual([
      { code, message: expect.any(String), nextStep: command },
    ]);
  });
});

const OFF: FlagContent = { enabled: false };
const toNew = (percent: number): FlagContent => ({
  enabled: true,
  stage: 'new',
  percent,
  tenants: [],
  lagBoundMs: 1_000,
});
const unreachable = async (): Promise<never> => {
  throw new Error('unreachable');
};

function gate(changes: Partial<GateInputs> = {}): GateInputs {
  return {
    deployedFlag: async () => toNew(10),
    evidence: async () => GOOD,
    limits: LIMITS,
    nowMs: () => NOW_MS,
    ...changes,
  };
}

describe('the gate', () => {
  test('lets widening pass on evidence', async () => {
    await expect(passGate(gate(), toNew(50))).resolves.toBeUndefined();
  });

  test('says all that is missing at once', async () => {
    const evidence = async () => ({ ...GOOD, report: undefined, unaccepted: ['links l1'] });
    await expect(passGate(gate({ evidence }), toNew(50))).rejects.toThrow(/NO_REPORT.*QUARANTINE_NOT_ACCEPTED/);
  });

  test('refuses widening where the evidence cannot be read', async () => {
    const refused = passGate(gate({ evidence: unreachable }), toNew(50));
    await expect(refused).rejects.toThrow(GateRefusedError);
    await expect(refused).rejects.toThrow('EVIDENCE_UNREADABLE: The evidence cannot be read: unreachable.');
  });

  test.each<[what: string, next: FlagContent]>([
    ['off', OFF],
    ['shadow', { enabled: true, stage: 'shadow', percent: 100, tenants: ['a'], lagBoundMs: 0 }],
    ['nobody on the new side', toNew(0)],
  ])('lets %s pass with all else down', async (_, next) => {
    const down = gate({ evidence: unreachable, deployedFlag: unreachable });
    await expect(passGate(down, next)).resolves.toBeUndefined();
  });

  test('lets narrowing pass without evidence', async () => {
    await expect(passGate(gate({ evidence: unreachable }), toNew(5))).resolves.toBeUndefined();
  });

  test('asks for evidence where it cannot tell what is deployed', async () => {
    const blind = gate({ deployedFlag: unreachable, evidence: async () => ({ ...GOOD, report: undefined }) });
    await expect(passGate(blind, toNew(5))).rejects.toThrow('NO_REPORT');
  });
});
