import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { lambdaHandler } from '../runtime/handler.ts';
import { addCounts, functionMetrics } from '../runtime/metrics.ts';
import type { Variables } from '../runtime/settings.ts';
import { connect, dynamoTables } from '../tables/dynamo-tables.ts';
import { countsOf, replicationProblems, replicationWarnings } from './health.ts';
import { heartbeat } from './heartbeat.ts';
import { readHeartbeatSettings } from './heartbeat-settings.ts';
import { connectLambda } from './mappings.ts';
import { sampledStream } from './stream-sample.ts';

/**
 * The Lambda handler of the heartbeat, once a minute. It notes what it finds for the gate and for commands, and counts it
 * for the alarms, which go off when no heartbeat comes, too.
 */
export function heartbeatHandler(environment: Variables) {
  const { tableNames, mappingIds, environmentName, lagMaxMs } = readHeartbeatSettings(environment);
  const logger = new Logger({ serviceName: 'watch-replication' });
  const metrics = functionMetrics(environmentName);
  const client = connect();
  const reads = {
    client,
    lambda: connectLambda(),
    stream: sampledStream(new DynamoDBStreamsClient()),
    control: dynamoTables(client, tableNames).control,
    names: tableNames,
    mappingIds,
  };

  return lambdaHandler({
    logger,
    metrics,
    parse: () => undefined,
    call: async () => {
      const nowMs = Date.now();
      const health = await heartbeat(reads, nowMs);
      const problems = replicationProblems(health, lagMaxMs, nowMs);
      for (const problem of problems) logger.error('The replication has a problem', { problem });
      for (const warning of replicationWarnings(health)) logger.warn(warning);
      addCounts(metrics, countsOf(health, problems));
      return { problems };
    },
  });
}
