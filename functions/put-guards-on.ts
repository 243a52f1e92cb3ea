import { Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod';
import { connectAppConfig } from './flag/access.ts';
import { putGateOn } from './flag/validators.ts';
import { lambdaHandler } from './runtime/handler.ts';
import { protectFromDeletion } from './tables/dynamo/deletion-protection.ts';
import { connect } from './tables/dynamo-tables.ts';

const text = z.string().min(1);

/** What CDK's provider framework sends of infra/guards.ts (aws-cdk-lib, custom-resources, "Provider Framework"). */
const resourceEvent = z
  .object({
    RequestType: z.enum(['Create', 'Update', 'Delete']),
    ResourceProperties: z.object({
      TableNames: z.array(text).min(1),
      ApplicationId: text,
      ConfigurationProfileId: text,
      GateArn: text,
    }),
  })
  .transform(({ RequestType, ResourceProperties: properties }) => ({
    isDelete: RequestType === 'Delete',
    tableNames: properties.TableNames,
    profile: { applicationId: properties.ApplicationId, profileId: properties.ConfigurationProfileId },
    gateArn: properties.GateArn,
  }));

const logger = new Logger({ serviceName: 'put-guards-on' });
const dynamodb = connect();
const appConfig = connectAppConfig();

/**
 * Protects the tables from deletion and makes AppConfig ask the gate. Deleting the resource takes neither off: the tables
 * stay protected, and no flag can be deployed without a gate.
 */
export const onEvent = lambdaHandler({
  logger,
  parse: (event) => resourceEvent.parse(event),
  call: async ({ isDelete, tableNames, profile, gateArn }) => {
    if (isDelete) return;
    const newlyProtected: string[] = [];
    for (const name of tableNames) if (await protectFromDeletion(dynamodb, name)) newlyProtected.push(name);
    const isGateNew = await putGateOn(appConfig, profile, gateArn);
    logger.info('The guards are on', { newlyProtected, isGateNew });
  },
  map: (_, { profile }) => ({ PhysicalResourceId: `guards-of-${profile.profileId}` }),
});
