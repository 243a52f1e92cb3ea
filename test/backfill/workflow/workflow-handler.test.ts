import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compareAll } from '../../../backfill/local/rehearsal/agreement.ts';
import { localClientEnvironment } from '../../../backfill/local-endpoint.ts';
import type { LastStep, NextStep, WorkflowInput } from '../../../backfill/workflow/orders.ts';
import { readShares } from '../../../backfill/workflow/worker-bounds.ts';
import { workflowHandler } from '../../../backfill/workflow/workflow-handler.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { readSpent } from '../../../functions/tables/control/spent-units.ts';
import { readSteering, writeBound } from '../../../functions/tables/control/steering.ts';
import { dynamoTables, type Tables } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineClient, engineUrl } from '../../engine-client.ts';
import { load, oldItems } from '../old-items.ts';

const client = engineClient();
let names: TableNames;
let tables: Tables;

beforeEach(async () => {
  const environment = { ...localClientEnvironment(engineUrl()), POWERTOOLS_LOG_LEVEL: 'SILENT' };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  names = await createTestTables();
  tables = dynamoTables(client, names);
  await load(client, names, oldItems(40));
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const INPUT: WorkflowInput = {
  ...{ segments: 2, maxConcurrency: 2, toleratedFailurePercent: 0 },
  ...{ leaseSeconds: 5, leaseSecondsMax: 5, lateWriteSeconds: 1 },
  ...{ readUnitsPerSecond: {}, readUnitsMost: {}, lagMaxSeconds: 60 },
};

const CONTEXT = { awsRequestId: 'request', getRemainingTimeInMillis: () => 600_000 } as Context;

/** Does what the state machine does, through the handler alone. @param onStep told each step before it is taken. */
async function execute(
  group: string,
  given: Partial<WorkflowInput> = {},
  onStep: (step: NextStep) => unknown = () => {},
): Promise<NextStep> {
  const handler = workflowHandler({
    TABLE_NAMES: JSON.stringify(names),
    ...{ HELD_RECORDS: 'hold', TOKEN_RETENTION_DAYS: '30', RECORD_CONCURRENCY: '8' },
  });
  const input = { ...INPUT, ...given };
  const call = (event: object): Promise<unknown> => handler({ ...event, input }, CONTEXT);
  let last: LastStep = {};
  for (;;) {
    const step = (await call({ action: 'next', group, last })) as NextStep;
    await onStep(step);
    if (step.kind === 'finished' || step.kind === 'failed') return step;
    if (step.kind === 'wait') await new Promise((resolve) => setTimeout(resolve, step.waitSeconds * 1_000));
    else {
      const { order, segments } = step;
      await Promise.all(segments.map((segment) => call({ action: 'segment', order, segment })));
    }
    last = step as LastStep;
  }
}

const runId = async (): Promise<string> => (await readRun(tables.control))?.runId ?? '';

describe('a budget', () => {
  /** Ten dollars a unit, so that the first page of both workers is expected to cost 40,000. */
  const prices = { usdPerMillionWriteUnits: 10_000_000, usdPerMillionReadUnits: 0 };

  test('ends the work of all workers before it is passed, and a higher one lets another execution finish', async () => {
    const budgetUsd = 42_000;
    const ended = await execute('one', { prices, budgetUsd });
    expect(ended).toMatchObject({ kind: 'failed', code: 'STOPPED' });
    expect(await readRun(tables.control)).not.toHaveProperty('finishedAt');
    const { writeUnits, stoppedAtBudgetUsd } = await readSpent(tables.control, await runId());
    expect(stoppedAtBudgetUsd).toBe(budgetUsd);
    expect(writeUnits).toBeGreaterThan(0);
    expect(writeUnits * 10).toBeLessThanOrEqual(budgetUsd);

    const budget = { by: 'Ada', value: 10_000_000 };
    expect(await execute('two', { prices, budgetUsd, budget })).toMatchObject({ kind: 'finished' });
    expect((await readSteering(tables.control)).bounds.budgetUsd).toMatchObject({ ...budget, runId: await runId() });
    expect((await readSpent(tables.control, await runId())).writeUnits).toBeGreaterThan(writeUnits);
    expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
  }, 60_000);
});

describe('an order of an operator', () => {
  test('holds for workers instead of what they were started with', async () => {
    const raise = async (step: NextStep): Promise<void> => {
      if (step.kind !== 'segments' || step.order.pass !== 'links') return;
      const order = { runId: step.order.runId, by: 'Ada', at: new Date().toISOString() };
      await writeBound(tables.control, 'writeUnitsPerSecond', { ...order, value: 100_000 });
    };
    // Without the order it would take longer than this test may.
    expect(await execute('one', { writeUnitsPerSecond: 10 }, raise)).toMatchObject({ kind: 'finished' });
    expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
  }, 60_000);

  test.each([
    ['without one, what the workers were started with', undefined, 500, 250],
    ['an order for all workers together', 400, 200, 200],
    ['no more than a table with a limit serves', 4_000, 2_000, 400],
  ])('on reads: %s', (_, ordered, ofTable, ofLimited) => {
    const input = { readUnitsPerSecond: { actuals: 1_000, links: 500 }, readUnitsMost: { links: 800 } };
    expect([...readShares(input, 2, ordered)]).toEqual([
      ['actuals', ofTable],
      ['links', ofLimited],
    ]);
  });
});
