import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBBatchResponse } from 'aws-lambda';
import type { Source } from '../migration/sources.ts';
import { lambdaHandler } from '../runtime/handler.ts';
import { readFunctionSettings } from '../runtime/settings.ts';
import { connectTables } from '../tables/dynamo-tables.ts';
import { noteReplicatedThrough } from '../tables/replicated-through.ts';
import { LagRecorder } from '../tables/replication-lag.ts';
import type { Replication } from './replication.ts';
import { replicateStreamBatch, type StreamEvent } from './stream-batch.ts';
import { parseStreamEvent } from './stream-event.ts';

/**
 * The Lambda handler of one source's stream. It answers with the sequence numbers that are to be delivered again
 * (ReportBatchItemFailures), and throws only where the event itself cannot be read.
 */
export function streamHandler(source: Source, environment: Readonly<Record<string, string | undefined>>) {
  const settings = readFunctionSettings(environment);
  const logger = new Logger({ serviceName: `replicate-${source}` });
  const tables = connectTables(settings.tableNames);
  const processId = randomUUID();
  const lag = new LagRecorder(source, processId, tables.control, Date.now);
  const replication: Omit<Replication, 'remainingMs'> = {
    ...tables,
    newToken: randomUUID,
    nowMs: Date.now,
    heldRecords: settings.heldRecords,
    tokenRetentionDays: settings.tokenRetentionDays,
    recordConcurrency: settings.recordConcurrency,
  };

  return lambdaHandler({
    logger,
    parse: parseStreamEvent,
    call: async (events, context) => {
      const remainingMs = () => context.getRemainingTimeInMillis();
      const result = await lag.during(oldestMs(events), async () => {
        const replicated = await replicateStreamBatch({ ...replication, remainingMs }, source, events);
        const failed = new Set(replicated.failedSequenceNumbers);
        return {
          result: replicated,
          leftSinceMs: oldestMs(events.filter(({ sequenceNumber }) => failed.has(sequenceNumber ?? ''))),
        };
      });
      const throughMs = result.failedSequenceNumbers.length === 0 ? newestMs(events) : undefined;
      if (throughMs !== undefined) {
        await noteReplicatedThrough(tables.control, { source, processId, throughMs }, Date.now());
      }
      for (const error of result.errors) logger.error('An item is to be delivered again', error as Error);
      for (const { id, error } of result.refused) {
        logger.warn('An item was refused and is in quarantine', { error: error as Error, source, id });
      }
      for (const item of result.unfinished) logger.error('An item was given up and noted as unfinished', { item });
      logger.info('Batch replicated', { outcomes: result.outcomes, failed: result.failedSequenceNumbers.length });
      return result;
    },
    map: ({ failedSequenceNumbers }): DynamoDBBatchResponse => ({
      batchItemFailures: failedSequenceNumbers.map((itemIdentifier) => ({ itemIdentifier })),
    }),
  });
}

/** The instant of the oldest change, in epoch milliseconds; undefined where there is none. */
function oldestMs(events: readonly StreamEvent[]): number | undefined {
  const instants = instantsOf(events);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function newestMs(events: readonly StreamEvent[]): number | undefined {
  const instants = instantsOf(events);
  return instants.length === 0 ? undefined : Math.max(...instants);
}

function instantsOf(events: readonly StreamEvent[]): number[] {
  return events.map(({ createdAtMs }) => createdAtMs).filter((instant) => instant !== undefined);
}
