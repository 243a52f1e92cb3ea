import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';

/** Whose credentials these are. */
export interface Caller {
  readonly account: string;
  /** A user, or a role with the name of its session. */
  readonly arn: string;
}

/** An answer takes a tenth of a second; a command that cannot reach STS should say so soon. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Asks STS whose credentials these are. Any caller may ask, without a permission (AWS STS API Reference, GetCallerIdentity).
 *
 * @throws the SDK's errors: no credentials, credentials that are refused, no connection.
 */
export async function identifyCaller(config: STSClientConfig): Promise<Caller> {
  const client = new STSClient({ maxAttempts: 2, ...config });
  try {
    const answer = await client.send(new GetCallerIdentityCommand({}), {
      abortSignal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return { account: answer.Account ?? '', arn: answer.Arn ?? '' };
  } finally {
    client.destroy();
  }
}
