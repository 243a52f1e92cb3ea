import { expect, test } from 'vitest';
import { describeValue } from '../../backfill/commands/validate/describe-validation.ts';
import { jsonOf, stableJson } from '../../backfill/json.ts';

const BYTES = new Uint8Array([1, 2, 255]);
const ITEM = {
  small: { B: BYTES },
  buffer: { B: Buffer.from(BYTES) },
  set: { BS: [BYTES, Buffer.from(BYTES)] },
  nested: { M: { inner: { L: [{ B: BYTES }] } } },
};
const PRINTED = {
  small: { B: 'AQL/' },
  buffer: { B: 'AQL/' },
  set: { BS: ['AQL/', 'AQL/'] },
  nested: { M: { inner: { L: [{ B: 'AQL/' }] } } },
};

test.each([
  ['a document of a command', jsonOf],
  ['a file of the audit bundle', stableJson],
])('%s has bytes in base64, as DynamoDB has them in JSON', (_, print) => {
  expect(JSON.parse(print({ findings: [{ found: ITEM }], counts: new Map([['__proto__', 1]]) }))).toEqual(
    JSON.parse(`{"findings":[{"found":${JSON.stringify(PRINTED)}}],"counts":{"__proto__":1}}`),
  );
});

test('a difference tells bytes in base64', () => {
  expect(describeValue({ B: BYTES })).toBe('{"B":"AQL/"}');
});
