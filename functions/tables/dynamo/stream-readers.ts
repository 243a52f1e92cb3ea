import { LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';

/** Connects to Lambda with the SDK's own settings. */
export function connectLambda(): LambdaClient {
  return new LambdaClient();
}

/**
 * How many Lambda functions of this account read a stream. Readers of another kind, such as the Kinesis Client Library, are
 * listed nowhere.
 */
export async function countStreamReaders(client: LambdaClient, streamArn: string): Promise<number> {
  let count = 0;
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
    { client },
    { EventSourceArn: streamArn },
  )) {
    count += EventSourceMappings.length;
  }
  return count;
}
