import { GetParametersCommand, SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';

/** Reads a parameter of Systems Manager; undefined if there is none of that name. */
export async function readParameter(config: SSMClientConfig, name: string): Promise<string | undefined> {
  const client = new SSMClient(config);
  try {
    const { Parameters: [parameter] = [] } = await client.send(new GetParametersCommand({ Names: [name] }));
    return parameter?.Value;
  } finally {
    client.destroy();
  }
}
