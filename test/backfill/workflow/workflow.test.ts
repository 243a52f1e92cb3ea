import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awaitFree } from '../../../backfill/lease/lease.ts';
import { SYSTEM_CLOCK } from '../../../backfill/lease/system-clock.ts';
import type { BusyProcess } from '../../../backfill/local/cloud/function-host.ts';
import { type LocalCloud, startLocalCloud } from '../../../backfill/local/cloud/local-cloud.ts';
import { compareAll } from '../../../backfill/local/rehearsal/agreement.ts';
import { servicesVariables } from '../../../backfill/local-endpoint.ts';
import { workflowEvent } from '../../../backfill/workflow/orders.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { connect, dynamoTables, type Tables } from '../../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { rightsOf } from '../../infra/wire-rights.ts';
import { WORKFLOW_RIGHTS } from '../../infra/workflow-rights.ts';
import { writeSmallExport } from '../../local/export/small-export.ts';
import { recordingProxy } from '../../recording-proxy.ts';
import { runCli } from '../../run-cli.ts';
import { sharedSynthesis } from '../../shared-synthesis.ts';

const settings = readSettings('local');
const exported = mkdtempSync(join(tmpdir(), 'workflow-'));
/** What the commands have asked of Step Functions. */
const asked = new Set<string>();
let cloud: LocalCloud;
let proxy: Awaited<ReturnType<typeof recordingProxy>>;
let tables: Tables;

beforeAll(async () => {
  const [synthesised] = await Promise.all([sharedSynthesis(), writeSmallExport(exported, 12)]);
  cloud = await startLocalCloud({ settings, exportDirectory: exported, synthesised, onProgress: () => {} });
  proxy = await recordingProxy(cloud.services.url, (call) => {
    for (const right of rightsOf(call)) if (right.startsWith('states:')) asked.add(right.replace(/[^:]*Z-\w+$/, '*'));
  });
  tables = dynamoTables(connect(cloud.clientConfig), settings.tables);
}, 180_000);
afterAll(async () => {
  await proxy?.stop();
  await cloud?.stop();
  rmSync(exported, { recursive: true });
});

/** Runs a command to its end. */
async function kpiMigrate(...words: string[]) {
  const variables = {
    AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbUrl,
    AWS_ENDPOINT_URL_APPCONFIG: cloud.appconfig?.url ?? '',
    ...servicesVariables(proxy.url),
  };
  const { exitCode, stdout, stderr } = await runCli([...words, '--json'], variables);
  return { exitCode, stderr, document: JSON.parse(stdout) };
}

const WORKFLOW = ['backfill', '--execute', '--on', 'workflow'];

/** Less than any invocation takes: none is missed. */
const PATIENCE = { timeout: 90_000, interval: 1 };

/** Signals the first worker that is seen at work on a segment of the pass. */
async function signalWorker(pass: string, signal: NodeJS.Signals): Promise<BusyProcess> {
  const isAtWork = ({ event }: BusyProcess): boolean => {
    const { data } = workflowEvent.safeParse(event);
    return data?.action === 'segment' && data.order.pass === pass;
  };
  const signalled: BusyProcess[] = [];
  const seen = (): number => {
    const worker = cloud.functions.busy().find(isAtWork);
    worker?.signal(signal);
    return worker ? signalled.push(worker) : 0;
  };
  await expect.poll(seen, PATIENCE).toBe(1);
  return signalled[0] as BusyProcess;
}

/** What a backfill here does first: see whether anyone has the lease. */
async function lookFromHere(): Promise<unknown> {
  return awaitFree(
    {
      transactions: tables.transactions,
      leaseMs: settings.backfill.leaseSeconds * 1_000,
      nowMs: Date.now,
      sleep: (ms) => sleep(ms),
      onWait: () => {},
      stop: new AbortController().signal,
    },
    SYSTEM_CLOCK,
  );
}

test('a workflow that is stopped, continued, killed in its midst and refused to another host ends as a run here does', {
  timeout: 300_000,
}, async () => {
  expect(await kpiMigrate('backfill', '--on', 'workflow', '--stop')).toMatchObject({
    exitCode: 0,
    document: { state: 'none' },
  });

  const tooLittle = await kpiMigrate(...WORKFLOW, '--budget-usd', '0.000001');
  expect(tooLittle).toMatchObject({ exitCode: 3, document: { state: 'stopped', spent: { isBudgetSpent: true } } });
  expect(tooLittle.document.next.command).toContain('--budget-usd 0.000002 --on workflow');

  const started = kpiMigrate(...WORKFLOW, '--budget-usd', '1000');
  // Until the stop is asked for, the run cannot get past this worker.
  const held = await signalWorker('milestones', 'SIGSTOP');
  const stopping = kpiMigrate(...WORKFLOW, '--stop');
  await expect.poll(() => [...asked].join(), PATIENCE).toContain('states:StopExecution');
  held.signal('SIGCONT');
  expect(await stopping).toMatchObject({ exitCode: 0, document: { state: 'stopped' } });
  expect(await started).toMatchObject({ exitCode: 3, document: { state: 'stopped' } });
  const stopped = await readRun(tables.control);
  expect(stopped?.finishedAt).toBeUndefined();

  const continued = kpiMigrate(...WORKFLOW);
  await signalWorker('actuals', 'SIGKILL');
  await expect(lookFromHere()).rejects.toMatchObject({
    code: 'BACKFILL_RUNNING',
    nextStep: expect.stringContaining('--on workflow --stop'),
  });
  const { exitCode, stderr, document } = await continued;
  expect({ exitCode, state: document.state }, stderr).toEqual({ exitCode: 0, state: 'finished' });
  expect(document.runId).toBe(stopped?.runId);
  expect(document.spent).toMatchObject({ budgetUsd: 1_000, isBudgetSpent: false, writeUnits: expect.any(Number) });
  expect((await compareAll(connect(cloud.clientConfig), settings.tables, settings.heldRecords)).disagreements).toEqual(
    [],
  );
  expect([...asked].sort()).toEqual(WORKFLOW_RIGHTS);
});
