import { Logger } from '@aws-lambda-powertools/logger';
import { connectAppConfig } from './flag/access.ts';
import { readFlagState } from './flag/deployments.ts';
import { readEvidence } from './gate/evidence.ts';
import { passGate } from './gate/gate.ts';
import { parseGateRequest } from './gate/gate-request.ts';
import { lambdaHandler } from './runtime/handler.ts';
import { readGateSettings } from './runtime/settings.ts';
import { listUnaccepted } from './tables/control/quarantine-entries.ts';
import { callBriefly } from './tables/dynamo/retry.ts';
import { connect, dynamoTables } from './tables/dynamo-tables.ts';

const { tableNames, environmentId, reportAgeMaxMs, lagMaxMs } = readGateSettings(process.env);
const logger = new Logger({ serviceName: 'gate-read-path' });
// AppConfig waits 15 seconds for a validator.
const dynamodb = callBriefly(connect());
const appConfig = connectAppConfig();
const { control } = dynamoTables(dynamodb, tableNames);

/** AppConfig's validator of the read flag. It refuses a version by throwing, and AppConfig shows the message. */
export const handler = lambdaHandler({
  logger,
  parse: parseGateRequest,
  call: async ({ applicationId, profileId, flag }) => {
    await passGate(
      {
        deployedFlag: async () =>
          (await readFlagState(appConfig, { applicationId, profileId, environmentId })).deployed,
        evidence: () => readEvidence({ control, quarantine: () => listUnaccepted(dynamodb, tableNames) }, Date.now()),
        limits: { reportAgeMaxMs, lagMaxMs },
        nowMs: Date.now,
      },
      flag,
    );
    logger.info('The flag may be deployed', { flag });
  },
});
