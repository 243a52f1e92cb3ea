import { Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod';
import { MigrationError } from './model/migration-error.ts';
import { lambdaHandler } from './runtime/handler.ts';
import { streamNotice } from './tables/dynamo/stream-notice.ts';
import { connectLambda, countStreamReaders } from './tables/dynamo/stream-readers.ts';
import { activeStreamArn, ensureStream } from './tables/dynamo/streams.ts';
import { connect } from './tables/dynamo-tables.ts';

/** What CDK's provider framework sends (aws-cdk-lib, custom-resources, "Provider Framework"). */
const resourceEvent = z
  .object({
    RequestType: z.enum(['Create', 'Update', 'Delete']),
    /** The ARN of the stream at the last deployment, as onEvent has given it; absent at the first. */
    PhysicalResourceId: z.string().optional(),
    ResourceProperties: z.object({
      TableName: z.string().min(3),
      /** CloudFormation makes text of everything. */
      CountReaders: z.literal(['true', 'false']).default('false'),
    }),
  })
  .transform(({ RequestType, PhysicalResourceId, ResourceProperties }) => ({
    isDelete: RequestType === 'Delete',
    physicalId: PhysicalResourceId,
    tableName: ResourceProperties.TableName,
    countsReaders: ResourceProperties.CountReaders === 'true',
  }));

const logger = new Logger({ serviceName: 'ensure-stream' });
const client = connect();
const lambda = connectLambda();

/** CloudFormation shows only an error's message, so the next step has to be in it. */
function addNextStep(error: unknown): never {
  if (!(error instanceof MigrationError) || error.nextStep === undefined) throw error;
  const { code, nextStep } = error;
  throw new MigrationError(code, `${error.message} ${nextStep}`, { nextStep, cause: error });
}

/** The ARN of the stream at the last deployment; undefined at the first one, and if it was of another table. */
function previousArnOf(physicalId: string | undefined, tableName: string): string | undefined {
  return physicalId?.includes(`:table/${tableName}/stream/`) ? physicalId : undefined;
}

/** @returns undefined if nobody is to count. The function of the last deployment reads the same stream and does not count. */
async function otherReaders(streamArn: string, previousArn: string | undefined, counts: boolean) {
  if (!counts) return undefined;
  const readers = await countStreamReaders(lambda, streamArn);
  return Math.max(0, readers - (previousArn === streamArn ? 1 : 0));
}

/**
 * Turns a table's stream on, at every deployment: a stream that was turned off and on is another one, and the event source
 * mapping has to follow it. The resource is named by the stream's ARN, so the next deployment knows this one. Deleting the
 * resource leaves the stream on: others may read it, and the table is not ours.
 */
export const onEvent = lambdaHandler({
  logger,
  parse: (event) => resourceEvent.parse(event),
  call: async ({ isDelete, physicalId, tableName, countsReaders }) => {
    if (isDelete) return { physicalId, notice: 'the stream stays on' };
    const streamArn = await ensureStream(client, tableName).catch(addNextStep);
    const previousArn = previousArnOf(physicalId, tableName);
    const others = await otherReaders(streamArn, previousArn, countsReaders);
    const notice = streamNotice({
      tableName,
      streamArn,
      ...(previousArn !== undefined && { previousArn }),
      ...(others !== undefined && { otherReaders: others }),
    });
    logger.info('The stream is on or being turned on', { tableName, streamArn, notice });
    return { physicalId: streamArn, notice };
  },
  map: ({ physicalId, notice }) => ({ PhysicalResourceId: physicalId, Data: { Notice: notice } }),
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
