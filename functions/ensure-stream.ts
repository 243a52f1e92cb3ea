import middy from '@middy/core';
import * as z from 'zod';
import { MigrationError } from './model/migration-error.ts';
import { connect } from './tables/dynamo-tables.ts';
import { activeStreamArn, ensureStream } from './tables/streams.ts';

/** What CDK's provider framework sends (aws-cdk-lib, custom-resources, "Provider Framework"). */
const resourceEvent = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({ TableName: z.string().min(3) }),
});

const client = connect();

/** CloudFormation shows an error's message and nothing else of it: what to do next has to stand there too. */
const tellNextStep: middy.MiddlewareObj = {
  onError({ error }) {
    if (!(error instanceof MigrationError) || error.nextStep === undefined) return;
    const { code, retryable, nextStep } = error;
    throw new MigrationError(code, `${error.message} ${nextStep}`, { retryable, nextStep, cause: error });
  },
};

/** Turns the stream on. Deleting the resource turns nothing off: others may read the stream, and the table is not ours. */
export const onEvent = middy()
  .use(tellNextStep)
  .handler(async (event: unknown) => {
    const { RequestType, ResourceProperties } = resourceEvent.parse(event);
    if (RequestType !== 'Delete') await ensureStream(client, ResourceProperties.TableName);
    return { PhysicalResourceId: `stream-of-${ResourceProperties.TableName}` };
  });

/** Tells whether the stream is on, and its ARN. */
export const isComplete = middy()
  .use(tellNextStep)
  .handler(async (event: unknown) => {
    const { RequestType, ResourceProperties } = resourceEvent.parse(event);
    if (RequestType === 'Delete') return { IsComplete: true };
    const streamArn = await activeStreamArn(client, ResourceProperties.TableName);
    return streamArn === undefined ? { IsComplete: false } : { IsComplete: true, Data: { StreamArn: streamArn } };
  });
