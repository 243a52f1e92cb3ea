import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine } from '../../backfill/local/cloud/engine.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { TABLE_ROLES, type TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { connect, dynamoTables, type Tables } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import type { ValidationReads } from '../../functions/tables/validation-reads.ts';
import { proveItself } from '../../functions/validation/self-proof.ts';
import { validate } from '../../functions/validation/validate.ts';
import { meterReads, SCANNED } from '../validation/read-meter.ts';
import { generatedContent } from './generated-content.ts';
import { report } from './report.ts';
import { fillTables } from './validation-tables.ts';

const KPIS = Number(process.env.BENCH_KPIS ?? 1_000);
const RECORDS_OF_KPI = 30;
const SEGMENTS = 4;
/** Pairs of a bare scan and a validation; the first one warms up and does not count. */
const PAIRS = 12;

interface Run {
  readonly ms: number;
  readonly readUnits: number;
  /** Milliseconds of it that the self-proof took. */
  readonly proofMs: number;
}

/** A whole validation beside a bare parallel scan of the same tables: time and read units. */
export async function benchValidation(): Promise<void> {
  const engine = await startEngine();
  const client = connect(localClientConfig(engine.url));
  const names = Object.fromEntries(TABLE_ROLES.map((role) => [role, `bench-${role}`])) as TableNames;
  const items = await fillTables(client, names, generatedContent(0, KPIS, RECORDS_OF_KPI));
  const taken = meterReads(client);
  const reads = dynamoValidationReads(client, names, async () => {});
  const tables = dynamoTables(client, names);
  const measure = async (work: () => Promise<number>): Promise<Run> => {
    taken.units = 0;
    const startMs = performance.now();
    const proofMs = await work();
    return { ms: performance.now() - startMs, readUnits: taken.units, proofMs };
  };
  const pairs: { scan: Run; validation: Run }[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const scan = await measure(() => scanAll(reads));
    const validation = await measure(() => validateOnce(reads, tables));
    if (pair > 0) pairs.push({ scan, validation });
  }
  client.destroy();
  await engine.stop();

  const ratios = pairs.map(({ scan, validation }) => (validation.ms - validation.proofMs) / scan.ms);
  const whole = pairs.map(({ scan, validation }) => validation.ms / scan.ms);
  const units = pairs.map(({ scan, validation }) => validation.readUnits / scan.readUnits);
  const name = `validation of ${items} items`;
  report(`${name}, median of ${pairs.length}`, seconds(pairs.map(({ validation }) => validation.ms)));
  report(`${name}, its self-proof`, seconds(pairs.map(({ validation }) => validation.proofMs)));
  report('bare parallel scan of the same tables', seconds(pairs.map(({ scan }) => scan.ms)));
  report('validation over scan, without self-proof', ratio(ratios), 'goal 1.25');
  report('validation over scan, with it', ratio(whole));
  report('validation over scan, read units', `${median(units).toFixed(2)}x`, 'goal 1.10');
}

/** @returns 0: nothing of it is self-proof. */
async function scanAll(reads: ValidationReads): Promise<number> {
  for (const table of SCANNED) {
    await Promise.all(
      Array.from({ length: SEGMENTS }, async (_, segment) => {
        let cursor: Item | undefined;
        do {
          const page = await reads.scan(table, { segment, totalSegments: SEGMENTS, ...(cursor && { cursor }) });
          cursor = page.cursor;
        } while (cursor);
      }),
    );
  }
  return 0;
}

/** @returns the milliseconds of its self-proof. */
async function validateOnce(reads: ValidationReads, { control, transactions }: Tables): Promise<number> {
  let proofMs = 0;
  const { report: outcome } = await validate({
    reads,
    control,
    transactions,
    heldRecords: 'hold',
    backfillRunId: 'bench',
    segments: SEGMENTS,
    checkpointMs: 10_000,
    pauseMs: 2_000,
    patienceMs: 60_000,
    findingsMax: 10_000,
    nowMs: Date.now,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    newToken: randomUUID,
    async prove(...given) {
      const startMs = performance.now();
      const proof = await proveItself(...given);
      proofMs = performance.now() - startMs;
      return proof;
    },
    note: () => {},
    progress: { begin: () => {}, advance: () => {}, end: () => {} },
    stop: new AbortController().signal,
  });
  if (outcome.verdict !== 'agree') throw new Error(`The validation ended in ${outcome.verdict}: ${outcome.reasons}`);
  return proofMs;
}

function seconds(milliseconds: readonly number[]): string {
  return `${(median(milliseconds) / 1_000).toFixed(2)} s`;
}

function ratio(ratios: readonly number[]): string {
  return `${median(ratios).toFixed(2)}x (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
