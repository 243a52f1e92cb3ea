import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../functions/model/shell-word.ts';

test.each([
  'a1b2c3d4-0000-4000-8000-000000000001',
  '/tmp/my chéckout/sample',
  "it's",
  '$(touch /tmp/no); `ls` "x" \\ * ~ # !',
  'two\nlines',
  '',
  '-x',
])('%j comes out of a shell as it went in', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
});

test('what needs no quotes has none', () => {
  expect(shellWord('backfill/local/sample')).toBe('backfill/local/sample');
});
