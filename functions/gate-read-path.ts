import middy from '@middy/core';
import { connectAppConfig } from './flag/access.ts';
import { readFlagState } from './flag/deployments.ts';
import { readEvidence } from './gate/evidence.ts';
import { passGate } from './gate/gate.ts';
import { parseGateEvent } from './gate/gate-request.ts';
import { readGateSettings } from './runtime/settings.ts';
import { connect, dynamoTables } from './tables/dynamo-tables.ts';
import { listQuarantine } from './tables/quarantine-entries.ts';

const { tableNames, environmentId, reportAgeMaxMs, lagMaxMs } = readGateSettings(process.env);
const dynamodb = connect();
const appConfig = connectAppConfig();
const { control } = dynamoTables(dynamodb, tableNames);

/** AppConfig's validator of the read flag: it refuses a version by throwing, and AppConfig tells its message. */
export const handler = middy().handler(async (event: unknown): Promise<void> => {
  const { applicationId, profileId, flag } = parseGateEvent(event);
  await passGate(
    {
      deployedFlag: async () => (await readFlagState(appConfig, { applicationId, profileId, environmentId })).deployed,
      evidence: () => readEvidence({ control, quarantine: () => listQuarantine(dynamodb, tableNames) }, Date.now()),
      limits: { reportAgeMaxMs, lagMaxMs },
      nowMs: Date.now,
    },
    flag,
  );
});
