import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT, failureOf } from '../../backfill/outcome.ts';
import { type ErrorCode, KIND_OF } from '../../functions/model/error-codes.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';
import { scopeOf } from '../../functions/tables/dynamo/failure-scope.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LIST = 'functions/model/error-codes.ts';
const CODES = Object.keys(KIND_OF) as ErrorCode[];

/** Written out, so that a changed kind cannot change an exit code unseen. */
const USAGE = /^(ENVIRONMENT_UNKNOWN|SETTINGS_\w+)$/;
const RUN_AGAIN: readonly ErrorCode[] = [
  'BACKUP_BUSY',
  'CONTENTION',
  'FALLBACK_INCOMPLETE',
  'FLAG_DEPLOYING',
  'LEASE_LOST',
  'OUT_OF_TIME',
  'STREAM_NOT_ON',
  'TABLE_THROTTLED',
];

function sources(): string {
  return ['functions', 'backfill', 'infra']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.ts') && path !== LIST)
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n');
}

test.each(CODES)('%s ends a command with its exit code', (code) => {
  const expected = USAGE.test(code) ? EXIT.usage : RUN_AGAIN.includes(code) ? EXIT.stopped : EXIT.failed;
  const error = new MigrationError(code, 'm');
  expect(failureOf(error)).toMatchObject({ code, exitCode: expected });
  expect(error.retryable).toBe(expected === EXIT.stopped);
});

test.each(CODES)('%s stops all items but for a reason of one', (code) => {
  const scopes: Partial<Record<ErrorCode, string>> = { CONTENTION: 'contention', TRANSACTION_TOO_LARGE: 'item' };
  expect(scopeOf(new MigrationError(code, 'm'))).toBe(scopes[code] ?? 'whole');
});

test('the list has each code once, in order, and none that nothing uses', () => {
  const text = sources();
  expect(CODES).toEqual([...new Set(CODES)].sort());
  expect(CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

test('nothing but the list decides by how a code is spelt', () => {
  expect(sources()).not.toMatch(/code\.startsWith\(|error\.code === '[A-Z]+_/);
});
