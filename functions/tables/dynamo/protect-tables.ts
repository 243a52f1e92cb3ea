import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { MigrationError } from '../../model/migration-error.ts';
import { isThrottle } from './retry.ts';
import { TablePace } from './table-pace.ts';

/** Reads that can tell what they took. */
const READS = /^(Scan|Query|GetItem|BatchGetItem)Command$/;

/** Of eventually consistent reads, which take half of what strong ones take: 0.5 units for 4 KB. */
const UNITS_OF_A_MEGABYTE = 128;

/** How long a read goes on asking a table that throttles it, at most every 30 seconds: longer than autoscaling takes. */
const PATIENCE_MS = 10 * 60_000;

interface Consumed {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
}

interface Answer {
  readonly ScannedCount?: number;
  readonly ConsumedCapacity?: Consumed | Consumed[];
  readonly UnprocessedKeys?: object;
}

interface Input {
  readonly Limit?: number;
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: object;
}

export interface Protection {
  /**
   * Read units a second that this client may take from a table by its name, and from an index by `TABLE/index/INDEX`. Reads of
   * an index that is not named count as reads of its table. Other tables are not protected.
   */
  readonly ceilings: ReadonlyMap<string, number>;
  /** Asked before each page of a scan of a protected table; resolves when it may be read. */
  readonly beforeScan?: () => Promise<void>;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Has every read that this client sends to a table of the service keep below the table's ceiling, and pause when the table
 * throttles: the service's own reads and writes come first.
 */
export function protectTables(client: DynamoDBClient, { ceilings, beforeScan, nowMs, sleep }: Protection): void {
  const paces = new Map([...ceilings].map(([name, ceiling]) => [name, new TablePace(ceiling, nowMs)]));
  const pacesOf = (input: object): TablePace[] =>
    resourcesOf(input)
      .map((resource) => paceOf(resource))
      .filter((pace) => pace !== undefined);
  const paceOf = ({ table, index }: Resource): TablePace | undefined =>
    (index === undefined ? undefined : paces.get(`${table}/index/${index}`)) ?? paces.get(table);

  /** Beyond the SDK's attempts, which a busy table outlasts. Each attempt pauses first. */
  const untilServed = async <T>(input: object, send: () => Promise<T>): Promise<T> => {
    const sinceMs = nowMs();
    for (;;) {
      try {
        return await send();
      } catch (error) {
        if (!isThrottle(error)) throw error;
        if (nowMs() - sinceMs >= PATIENCE_MS) throw stillThrottled(input, error);
      }
    }
  };
  const wait = async (waitMs: number): Promise<void> => {
    if (waitMs > 0) await sleep(waitMs);
  };

  client.middlewareStack.add(
    (next, context) => async (call) => {
      const paced = READS.test(String(context.commandName)) ? pacesOf(call.input) : [];
      if (paced.length === 0) return next(call);
      const [scanned] = context.commandName === 'ScanCommand' ? paced : [];
      if (scanned) await beforeScan?.();
      const { Limit } = call.input as Input;
      if (scanned && Limit !== undefined) Object.assign(call.input, { Limit: scanned.pageItems(Limit) });
      Object.assign(call.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await untilServed(call.input, () => next(call));
      const { ConsumedCapacity, UnprocessedKeys: unread = {}, ScannedCount = 0 } = result.output as Answer;
      const consumed = [ConsumedCapacity ?? []].flat();
      const { index } = resourcesOf(call.input)[0] ?? {};
      const waits = consumed.map(({ TableName = '', CapacityUnits: units = 0 }) => {
        // A description by ARN names the table at its end.
        const table = TableName.slice(TableName.lastIndexOf('/') + 1);
        scanned?.scanned(ScannedCount, units);
        return paceOf({ table, index })?.took(units) ?? 0;
      });
      for (const table of throttlesOf(consumed, unread)) paceOf({ table })?.throttled();
      await wait(Math.max(0, ...waits));
      return result;
    },
    { step: 'initialize', name: 'protectTables' },
  );

  // Within the SDK's retries: each attempt waits, and tells of its throttle.
  client.middlewareStack.add(
    (next, context) => async (call) => {
      const held = READS.test(String(context.commandName)) ? pacesOf(call.input) : [];
      await wait(Math.max(0, ...held.map((pace) => pace.pauseMs)));
      try {
        return await next(call);
      } catch (error) {
        if (isThrottle(error)) for (const pace of held) pace.throttled();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'pauseOnThrottle' },
  );
}

function stillThrottled(input: object, cause: unknown): MigrationError {
  const names = resourcesOf(input).map(({ table, index }) => (index === undefined ? table : `${table}/index/${index}`));
  const minutes = PATIENCE_MS / 60_000;
  return new MigrationError('TABLE_THROTTLED', `${names.join(', ')}: throttled every read for ${minutes} minutes.`, {
    cause,
    nextStep:
      'Run the same command again when it has capacity to spare. kpi-migrate preflight says what it has and what it was used for.',
  });
}

/** A table, or the index of it that a query or a scan reads. */
interface Resource {
  readonly table: string;
  readonly index?: string | undefined;
}

/** What a read takes capacity of. */
function resourcesOf(input: object): Resource[] {
  const { TableName: table, IndexName: index, RequestItems } = input as Input;
  return table === undefined ? Object.keys(RequestItems ?? {}).map((name) => ({ table: name })) : [{ table, index }];
}

/**
 * The tables that throttled a part of a batch: a batch is refused as an error only if every one of its tables throttles it. It is
 * also cut short at 16 MB, and at 1 MB of one partition (API Reference, BatchGetItem); an answer that took less cannot have been.
 */
function throttlesOf(consumed: readonly Consumed[], unread: object): string[] {
  const units = consumed.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
  return units < UNITS_OF_A_MEGABYTE ? Object.keys(unread) : [];
}
