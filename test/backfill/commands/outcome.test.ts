import { expect, test } from 'vitest';
import * as z from 'zod';
import { describeFailure, EXIT, failureOf } from '../../../backfill/outcome.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';

test.each([
  ['bad settings', new MigrationError('SETTINGS_INVALID', 'm'), EXIT.usage],
  ['an environment that is not there', new MigrationError('ENVIRONMENT_UNKNOWN', 'm'), EXIT.usage],
  ['a refusal', new MigrationError('BACKFILL_RUNNING', 'm'), EXIT.failed],
  ['what passes by itself', new MigrationError('LEASE_LOST', 'm'), EXIT.stopped],
  ['Ctrl-C', AbortSignal.abort().reason, EXIT.stopped],
  ['what nobody foresaw', new TypeError('x is not a function'), EXIT.failed],
  ['something thrown that is no error', 'oops', EXIT.failed],
])('%s has its exit code', (_name, error, exitCode) => {
  expect(failureOf(error).exitCode).toBe(exitCode);
});

test('a failure is told with its causes, the nearest first, and the next step last', () => {
  const root = new Error('socket hang up');
  const error = new MigrationError('LEASE_LOST', 'The lease was not renewed.', {
    cause: new Error('PutItem failed', { cause: root }),
    nextStep: 'Run it again.',
  });
  expect(describeFailure(failureOf(error)).split('\n')).toEqual([
    'LEASE_LOST: The lease was not renewed.',
    '  because: Error: PutItem failed',
    '  because: Error: socket hang up',
    'Next: Run it again.',
  ]);
});

test('causes that run in a circle come to an end', () => {
  const error = new Error('one');
  error.cause = error;
  expect(failureOf(error).causes.length).toBeLessThan(10);
});

test('a cause that is a ZodError is told on one line', () => {
  const cause = z.object({ count: z.number() }).safeParse({ count: 'x' }).error;
  const { causes } = failureOf(new MigrationError('EXPORT_UNREADABLE', 'm', { cause }));
  expect(causes).toEqual([expect.stringMatching(/^count .*expected number[^\n]*$/)]);
});
