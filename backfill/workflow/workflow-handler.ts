import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { lambdaHandler } from '../../functions/runtime/handler.ts';
import { readFunctionSettings, type Variables } from '../../functions/runtime/settings.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { SYSTEM_CLOCK } from '../lease/system-clock.ts';
import { lagPause } from '../read-ceilings.ts';
import { coordinate } from './coordinate.ts';
import type { MemberOptions } from './member.ts';
import { type NextStep, type SegmentResult, type WorkflowEvent, workflowEvent } from './orders.ts';
import { workOnSegment } from './segment.ts';
import { workerBounds } from './worker-bounds.ts';

/** Kept back of the time that Lambda gives: pages in hand are finished and noted in it. */
const RESERVE_MS = 60_000;

/**
 * The Lambda handler of the workflow: it says what is next, or works on one segment until that is done or time runs out.
 *
 * Variables: those of a replication function.
 *
 * @throws MigrationError FUNCTION_SETTINGS_INVALID with every problem at once.
 */
export function workflowHandler(environment: Variables) {
  const settings = readFunctionSettings(environment);
  const logger = new Logger({ serviceName: 'backfill-workflow' });

  return lambdaHandler<WorkflowEvent, NextStep | SegmentResult>({
    logger,
    parse: (event) => workflowEvent.parse(event),
    call: async (event, context) => {
      // A client of its own: with it end the requests that an invocation leaves behind.
      const client = connect();
      try {
        const options = optionsOf(settings, client, event, context, (message) => logger.info(message));
        if (event.action === 'next') return await coordinate(options, event.last);
        let items = 0;
        const onScanned = (scanned: number): void => {
          items += scanned;
        };
        const result = await workOnSegment({ ...options, onScanned }, event.order, event.segment);
        logger.info('Segment worked on', { pass: event.order.pass, segment: event.segment, items, ...result });
        return result;
      } finally {
        client.destroy();
      }
    },
  });
}

function optionsOf(
  { tableNames, heldRecords, tokenRetentionDays, recordConcurrency }: ReturnType<typeof readFunctionSettings>,
  client: ReturnType<typeof connect>,
  event: WorkflowEvent,
  context: Context,
  note: (message: string) => void,
) {
  const { input } = event;
  const tables = dynamoTables(client, tableNames);
  const { group } = event.action === 'segment' ? event.order : event;
  const beforeScan = lagPause(tables.control, input.lagMaxSeconds * 1_000, note);
  const { pace, steering } = workerBounds(client, event, beforeScan);
  const stop = AbortSignal.timeout(Math.max(1, context.getRemainingTimeInMillis() - RESERVE_MS));
  const member: MemberOptions = {
    ...SYSTEM_CLOCK,
    group,
    note,
    replication: {
      ...tables,
      ...{ heldRecords, tokenRetentionDays, recordConcurrency },
      newToken: randomUUID,
      nowMs: Date.now,
      remainingMs: () => Number.POSITIVE_INFINITY,
    },
    data: tables.data,
    leaseMs: input.leaseSeconds * 1_000,
    leaseMaxMs: input.leaseSecondsMax * 1_000,
    putLandsWithinMs: input.lateWriteSeconds * 1_000,
    newToken: randomUUID,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    pace,
    stop,
  };
  return { ...member, ...input, steering };
}
