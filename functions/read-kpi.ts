import { Logger } from '@aws-lambda-powertools/logger';
import { answerHttpRead, parseHttpEvent } from './read/http/http-handler.ts';
import { readReadSettings } from './read/http/read-settings.ts';
import { openReads } from './read/open-reads.ts';
import { readMetricsOf } from './read/read-metrics.ts';
import { lambdaHandler } from './runtime/handler.ts';
import { addCounts, functionMetrics } from './runtime/metrics.ts';

const COUNTS_PUBLISHED_EVERY_MS = 60_000;

const settings = readReadSettings(process.env);
const logger = new Logger({ serviceName: 'read-kpi' });
const metrics = functionMetrics(settings.environmentName);
const { reads, router, flag } = openReads({
  ...settings,
  report: ({ what, error }) => logger.warn(what, { error: error instanceof Error ? error : String(error ?? '') }),
});

let countsPublishedAtMs = Date.now();

/** The reads over HTTP. Counts are published with the first request of every minute. */
export const handler = lambdaHandler({
  logger,
  metrics,
  parse: parseHttpEvent,
  call: (event) => {
    if (Date.now() - countsPublishedAtMs >= COUNTS_PUBLISHED_EVERY_MS) {
      countsPublishedAtMs = Date.now();
      const counts = router.counters.take();
      addCounts(metrics, readMetricsOf(counts));
      logger.info('Reads', { counts, breaker: router.breaker.state, flag: flag.status() });
    }
    return answerHttpRead(reads, settings.callers, event);
  },
});
