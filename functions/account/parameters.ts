import { GetParameterCommand, ParameterNotFound, SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';

/** Reads a parameter of Systems Manager; undefined if there is none of that name. */
export async function readParameter(config: SSMClientConfig, name: string): Promise<string | undefined> {
  const client = new SSMClient(config);
  try {
    const { Parameter: parameter } = await client.send(new GetParameterCommand({ Name: name }));
    return parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
