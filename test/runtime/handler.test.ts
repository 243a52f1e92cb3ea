import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { type LambdaFunction, lambdaHandler } from '../../functions/runtime/handler.ts';
import { addCounts, functionMetrics } from '../../functions/runtime/metrics.ts';

let printed: Record<string, unknown>[];

beforeEach(() => {
  printed = [];
  const note = (line: unknown) => {
    printed.push(JSON.parse(String(line)));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(console, 'info').mockImplementation(note);
  vi.spyOn(console, 'warn').mockImplementation(note);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const context = { functionName: 'double', awsRequestId: 'request-1' } as Context;
const logger = new Logger({ serviceName: 'double' });

function invoke(event: unknown, changes: Partial<LambdaFunction<number, number, unknown>> = {}): Promise<unknown> {
  const handler = lambdaHandler({
    logger,
    parse: (given) => z.number().parse(given),
    call: async (given) => {
      logger.info('Doubled');
      return given * 2;
    },
    map: (result, given) => ({ given, result }),
    ...changes,
  });
  return handler(event, context) as Promise<unknown>;
}

describe('a handler', () => {
  test('parses its event, calls, and maps the result', async () => {
    expect(await invoke(21)).toEqual({ given: 21, result: 42 });
  });

  test('answers with the result itself where nothing maps it', async () => {
    const handler = lambdaHandler({ logger, parse: () => 1, call: async () => 'done' });
    expect(await handler({}, context)).toBe('done');
  });

  test('does not call with an event that cannot be parsed', async () => {
    const call = vi.fn();
    await expect(invoke('many', { call })).rejects.toThrow(z.ZodError);
    expect(call).not.toHaveBeenCalled();
  });

  test('logs with the id of the request, and does not log what it throws', async () => {
    const call = async () => {
      logger.info('Trying');
      throw new Error('failed');
    };
    await expect(invoke(1, { call })).rejects.toThrow('failed');
    expect(printed).toEqual([expect.objectContaining({ message: 'Trying', function_request_id: 'request-1' })]);
  });
});

describe('the metrics of a function', () => {
  const metrics = functionMetrics('production');
  const embedded = {
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: 'KpiMigration',
          Dimensions: [['Environment']],
          Metrics: [
            { Name: 'NewSideErrors', Unit: 'Count' },
            { Name: 'WrongAnswers', Unit: 'Count' },
          ],
        },
      ],
    },
    Environment: 'production',
    NewSideErrors: 0,
    WrongAnswers: 2,
  };
  const counting = async (given: number) => {
    addCounts(metrics, { NewSideErrors: 0, WrongAnswers: 2 });
    if (given < 0) throw new Error('failed');
    return given;
  };

  test('are one line of its log, by name, of the environment alone', async () => {
    await invoke(1, { metrics, call: counting });
    expect(printed).toEqual([embedded]);
  });

  test('are published where it throws too', async () => {
    await expect(invoke(-1, { metrics, call: counting })).rejects.toThrow('failed');
    expect(printed).toEqual([embedded]);
  });

  test('are not repeated, and their absence is not worth a line', async () => {
    await invoke(1, { metrics, call: counting });
    await invoke(2, { metrics, call: async (given) => given });
    expect(printed).toEqual([embedded]);
  });
});
