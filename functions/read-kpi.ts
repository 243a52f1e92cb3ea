import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { handleHttpRead } from './read/http/http-handler.ts';
import { readReadSettings } from './read/http/read-settings.ts';
import { openReads } from './read/open-reads.ts';
import { readMetricsOf } from './read/read-metrics.ts';
import { embeddedMetrics } from './runtime/metrics.ts';

const COUNTS_LOGGED_EVERY_MS = 60_000;

const settings = readReadSettings(process.env);
const logger = new Logger({ serviceName: 'read-kpi' });
const { reads, router, flag } = openReads({
  ...settings,
  report: ({ what, error }) => logger.warn(what, { error: error instanceof Error ? error : String(error ?? '') }),
});

let countsLoggedAtMs = Date.now();

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (event: unknown) => {
    if (Date.now() - countsLoggedAtMs >= COUNTS_LOGGED_EVERY_MS) {
      countsLoggedAtMs = Date.now();
      const counts = router.counters.take();
      const metrics = embeddedMetrics(settings.environmentName, readMetricsOf(counts), countsLoggedAtMs);
      process.stdout.write(`${JSON.stringify(metrics)}\n`);
      logger.info('Reads', { counts, breaker: router.breaker.state, flag: flag.status() });
    }
    return handleHttpRead(reads, settings.callers, event);
  });
