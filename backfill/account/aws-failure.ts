import type { ErrorCode } from '../../functions/model/error-codes.ts';
import { MigrationError, messageOf } from '../../functions/model/migration-error.ts';
import type { Settings } from '../../infra/settings.ts';
import { credentialSources, profileOf } from './credential-sources.ts';

/** Why AWS cannot be worked with at all: by the name or the code of what the SDK throws. */
type Reason = 'CREDENTIALS_MISSING' | 'CREDENTIALS_REFUSED' | 'AWS_UNREACHABLE' | 'ACCESS_DENIED';

const REASON_OF: Readonly<Record<string, Reason>> = {
  CredentialsProviderError: 'CREDENTIALS_MISSING',
  TokenProviderError: 'CREDENTIALS_MISSING',
  // Each service has its own words for it (their API references, "Common Errors").
  ExpiredToken: 'CREDENTIALS_REFUSED',
  ExpiredTokenException: 'CREDENTIALS_REFUSED',
  IncompleteSignature: 'CREDENTIALS_REFUSED',
  IncompleteSignatureException: 'CREDENTIALS_REFUSED',
  InvalidClientTokenId: 'CREDENTIALS_REFUSED',
  InvalidSignatureException: 'CREDENTIALS_REFUSED',
  MissingAuthenticationToken: 'CREDENTIALS_REFUSED',
  MissingAuthenticationTokenException: 'CREDENTIALS_REFUSED',
  RequestExpired: 'CREDENTIALS_REFUSED',
  SignatureDoesNotMatch: 'CREDENTIALS_REFUSED',
  UnrecognizedClientException: 'CREDENTIALS_REFUSED',
  AccessDenied: 'ACCESS_DENIED',
  AccessDeniedException: 'ACCESS_DENIED',
  UnauthorizedException: 'ACCESS_DENIED',
  // Node's codes, and the names that the SDK gives to a request that was not answered in time.
  AbortError: 'AWS_UNREACHABLE',
  EAI_AGAIN: 'AWS_UNREACHABLE',
  ECONNREFUSED: 'AWS_UNREACHABLE',
  ECONNRESET: 'AWS_UNREACHABLE',
  EHOSTUNREACH: 'AWS_UNREACHABLE',
  ENETUNREACH: 'AWS_UNREACHABLE',
  ENOTFOUND: 'AWS_UNREACHABLE',
  EPIPE: 'AWS_UNREACHABLE',
  ETIMEDOUT: 'AWS_UNREACHABLE',
  NetworkingError: 'AWS_UNREACHABLE',
  TimeoutError: 'AWS_UNREACHABLE',
};

const SAID: Readonly<Record<Reason, string>> = {
  CREDENTIALS_MISSING: 'There are no AWS credentials',
  CREDENTIALS_REFUSED: 'AWS does not accept the credentials',
  AWS_UNREACHABLE: 'AWS does not answer',
  ACCESS_DENIED: 'AWS does not allow this to the credentials',
};

/** What a command wants to reach. */
export type Wanted = Pick<Settings, 'name' | 'account' | 'region'>;

/**
 * Says in this product's words why AWS cannot be reached or refuses whoever calls: which environment, account, region and
 * profile, and where credentials were looked for. Anything else stays as it is.
 */
export function nameAwsFailure(error: unknown, { name, account, region }: Wanted): unknown {
  const reason = error instanceof MigrationError ? undefined : reasonOf(error);
  if (reason === undefined) return error;
  const where = `environment ${name}, account ${account}, region ${region}, profile ${profileOf()}`;
  const needsSources = reason === 'CREDENTIALS_MISSING' || reason === 'CREDENTIALS_REFUSED';
  const sources = needsSources ? ` Looked for credentials in: ${credentialSources().join('; ')}.` : '';
  const code: ErrorCode = reason;
  return new MigrationError(code, `${SAID[reason]}: ${messageOf(error) || codeOf(error)} (${where}).${sources}`, {
    cause: error,
    nextStep: NEXT_STEP[reason],
  });
}

const NEXT_STEP: Readonly<Record<Reason, string>> = {
  CREDENTIALS_MISSING: 'Sign in (aws sso login --profile NAME) or set AWS_PROFILE, then run the same command again.',
  CREDENTIALS_REFUSED: 'Sign in again (aws sso login --profile NAME), then check: aws sts get-caller-identity',
  AWS_UNREACHABLE: 'Check the network, the VPN and the region in cdk.json, then run the same command again.',
  ACCESS_DENIED: 'Use a role that may do this (runbook.md, section 1), then check: aws sts get-caller-identity',
};

/** The first in the chain of causes that is known. Bounded, because a chain may be circular. */
function reasonOf(error: unknown): Reason | undefined {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth += 1) {
    for (const word of [current.name, codeOf(current)]) {
      if (word !== undefined && Object.hasOwn(REASON_OF, word)) return REASON_OF[word];
    }
    current = current.cause;
  }
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
