import { Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod';
import { MigrationError } from './model/migration-error.ts';
import { lambdaHandler } from './runtime/handler.ts';
import { activeStreamArn, ensureStream } from './tables/dynamo/streams.ts';
import { connect } from './tables/dynamo-tables.ts';

/** What CDK's provider framework sends (aws-cdk-lib, custom-resources, "Provider Framework"). */
const resourceEvent = z
  .object({
    RequestType: z.enum(['Create', 'Update', 'Delete']),
    ResourceProperties: z.object({ TableName: z.string().min(3) }),
  })
  .transform(({ RequestType, ResourceProperties }) => ({
    isDelete: RequestType === 'Delete',
    tableName: ResourceProperties.TableName,
  }));

const logger = new Logger({ serviceName: 'ensure-stream' });
const client = connect();

/** CloudFormation shows only an error's message, so the next step has to be in it. */
function addNextStep(error: unknown): never {
  if (!(error instanceof MigrationError) || error.nextStep === undefined) throw error;
  const { code, nextStep } = error;
  throw new MigrationError(code, `${error.message} ${nextStep}`, { nextStep, cause: error });
}

/** Turns a table's stream on. Deleting the resource leaves it on: others may read it, and the table is not ours. */
export const onEvent = lambdaHandler({
  logger,
  parse: (event) => resourceEvent.parse(event),
  call: async ({ isDelete, tableName }) => {
    if (!isDelete) await ensureStream(client, tableName).catch(addNextStep);
    logger.info(isDelete ? 'The stream stays on' : 'The stream is on or being turned on', { tableName });
  },
  map: (_, { tableName }) => ({ PhysicalResourceId: `stream-of-${tableName}` }),
});

/** Says whether the stream is on, and its ARN. */
export const isComplete = lambdaHandler({
  logger,
  parse: (event) => resourceEvent.parse(event),
  call: async ({ isDelete, tableName }) =>
    isDelete ? undefined : activeStreamArn(client, tableName).catch(addNextStep),
  map: (streamArn, { isDelete }) =>
    streamArn === undefined ? { IsComplete: isDelete } : { IsComplete: true, Data: { StreamArn: streamArn } },
});
