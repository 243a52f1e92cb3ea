import {
  GetEventSourceMappingCommand,
  LambdaClient,
  type LambdaClientConfig,
  paginateListEventSourceMappings,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import type { MappingState } from './health.ts';

/** Connects to Lambda. `config` overrides the SDK's own settings. */
export function connectLambda(config: LambdaClientConfig = {}): LambdaClient {
  return new LambdaClient(config);
}

/** How an event source mapping is; undefined if there is none of this id. */
export async function readMapping(client: LambdaClient, id: string): Promise<MappingState | undefined> {
  try {
    const found = await client.send(new GetEventSourceMappingCommand({ UUID: id }));
    return {
      state: found.State ?? 'unknown',
      lastResult: found.LastProcessingResult ?? '',
      streamArn: found.EventSourceArn ?? '',
    };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** How many event source mappings of this account read a stream. */
export async function countMappingsOn(client: LambdaClient, streamArn: string): Promise<number> {
  let count = 0;
  for await (const page of paginateListEventSourceMappings({ client }, { EventSourceArn: streamArn })) {
    count += page.EventSourceMappings?.length ?? 0;
  }
  return count;
}
