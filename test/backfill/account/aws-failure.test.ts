import { expect, test } from 'vitest';
import { nameAwsFailure } from '../../../backfill/account/aws-failure.ts';
import { credentialSources } from '../../../backfill/account/credential-sources.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';

const WANTED = { name: 'production', account: '333333333333', region: 'eu-west-1' };

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error('what the SDK says'), { name, ...more });
}

test.each([
  ['CREDENTIALS_MISSING', named('CredentialsProviderError')],
  ['CREDENTIALS_MISSING', named('TokenProviderError')],
  ['CREDENTIALS_REFUSED', named('ExpiredTokenException')],
  ['CREDENTIALS_REFUSED', named('InvalidClientTokenId')],
  ['CREDENTIALS_REFUSED', named('SignatureDoesNotMatch')],
  ['AWS_UNREACHABLE', named('Error', { code: 'ENOTFOUND' })],
  ['AWS_UNREACHABLE', new AggregateError([named('Error')], '')],
  ['AWS_UNREACHABLE', named('TimeoutError')],
  ['AWS_UNREACHABLE', new Error('outer', { cause: named('Error', { code: 'ECONNRESET' }) })],
  ['ACCESS_DENIED', named('AccessDeniedException')],
])('%s says where, as whom, and what to do', (code, error) => {
  if (error instanceof AggregateError) Object.assign(error, { code: 'ECONNREFUSED' });
  const failure = nameAwsFailure(error, WANTED);
  expect(failure).toBeInstanceOf(MigrationError);
  expect(failure).toMatchObject({ code, cause: error, retryable: false, nextStep: expect.stringMatching(/\w/) });
  for (const part of ['production', '333333333333', 'eu-west-1', 'profile ']) {
    expect((failure as MigrationError).message).toContain(part);
  }
});

test.each([
  new MigrationError('TABLE_MISSING', 'gone'),
  named('ValidationException'),
  new TypeError('our own fault'),
  'text',
])('%s stays as it is', (error) => {
  expect(nameAwsFailure(error, WANTED)).toBe(error);
});

test('a circular chain of causes ends', () => {
  const error = named('Odd');
  error.cause = error;
  expect(nameAwsFailure(error, WANTED)).toBe(error);
});

test('the sources of credentials are named with what is there, and no secret is', () => {
  const variables = { AWS_ACCESS_KEY_ID: 'AKIASECRET', AWS_PROFILE: 'ops', AWS_CONFIG_FILE: '/etc/aws' };
  const told = credentialSources(variables, (path) => path === '/etc/aws').join('; ');
  expect(told).toMatch(/AWS_ACCESS_KEY_ID \(set\).*profile ops in \/etc\/aws \(found\).*credentials \(no such file\)/);
  expect(told).toMatch(/AWS_WEB_IDENTITY_TOKEN_FILE \(not set\)/);
  expect(told).not.toContain('AKIASECRET');
});
