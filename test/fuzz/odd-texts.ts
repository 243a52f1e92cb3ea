import * as fc from 'fast-check';
import type { TextSketch } from './sketch.ts';

/** Names that every plain object has or is asked for. */
const PROTOTYPE_NAMES = [
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'isPrototypeOf',
  '__defineGetter__',
  'toJSON',
  'then',
  'length',
];

/** Characters that some reader takes for the end of a line, for nothing, or for the other way round. */
const UNUSUAL_UNICODE = [
  '\u2028',
  'a\u2029b',
  'line\nbreak',
  'carriage\r\nreturn',
  '\t',
  '\u0000',
  'a\u0000b',
  '\ufeffmarked',
  '\u0301',
  'e\u0301',
  'é',
  '\u202e\u05d0\u05d1',
  '\u0645\u0631\u062d\u0628\u0627',
  '😀',
  '👩‍👩‍👧',
  '\u{10ffff}',
  '\uffff',
  '\ue000',
  'İıſK',
  '\u200b',
  '\u007f\u0085\u00a0',
];

/** Characters that keys, paths, addresses, shells, markup and programs give a meaning to. */
const MEANINGFUL = [
  '#',
  'a#b',
  '/',
  'a/b',
  'b/c',
  'a/b/c',
  '%',
  '%2F',
  '%E0%A4',
  '..',
  '\\',
  '"',
  "'",
  '$(x) `x`',
  '<b>&amp;</b>',
  '{}',
  ':a',
  'record#a',
  'links',
  'a#GOAL#b',
  'a#Target',
  'kpi/personal',
  'sha256-0000000000000000000000000000000000000000000000000000000000000000',
  'null',
  'undefined',
  'NaN',
  '0',
  '-1',
  ' ',
  ' a ',
];

const LONE_SURROGATES = ['\ud800', 'a\udc00b', '\udfff\ud800'];

/** A text that can be a key: nothing is empty, and no surrogate is alone, since DynamoDB Local takes that for a question mark. */
export const oddKeyText: fc.Arbitrary<string> = fc.oneof(
  { withCrossShrink: true },
  { weight: 2, arbitrary: fc.constantFrom(...MEANINGFUL) },
  { weight: 2, arbitrary: fc.constantFrom(...PROTOTYPE_NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...UNUSUAL_UNICODE) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }) },
);

/** Letters of one, two, three and four bytes, and those that grow where they are escaped. */
const letter = fc.constantFrom('x', '/', '#', '%', '\u0000', 'é', '\u2028', '😀');

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** As many letters as fit into the bytes. */
function filled(text: string, bytes: number): TextSketch {
  return { repeat: text, times: Math.floor(bytes / bytesOf(text)) };
}

/** Texts about as long as an id may be (512 bytes), a date (1,024) or a key (2,048). */
export const longKeyText: fc.Arbitrary<TextSketch> = fc
  .tuple(letter, fc.constantFrom(200, 500, 512, 513, 516, 600, 601, 1_024, 1_028, 2_000, 2_048))
  .map(([text, bytes]) => filled(text, bytes));

/** Any text that an attribute can hold. */
export const oddText: fc.Arbitrary<TextSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 8, arbitrary: oddKeyText },
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(...LONE_SURROGATES) },
  { weight: 1, arbitrary: longKeyText },
  {
    weight: 1,
    arbitrary: fc.tuple(letter, fc.integer({ min: 2_049, max: 8_000 })).map(([text, bytes]) => filled(text, bytes)),
  },
);

/** Names of attributes, to the 65,535 bytes that DynamoDB gives them ("Constraints in DynamoDB"); DynamoDB Local ends near 50,000. */
export const attributeName: fc.Arbitrary<TextSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 6, arbitrary: fc.constantFrom(...PROTOTYPE_NAMES) },
  { weight: 3, arbitrary: oddKeyText },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'S',
      'N',
      'NULL',
      'M',
      'base64',
      'kpi_link_id',
      'post_value',
      'person_id',
      'ID',
      'tenant_id ',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(letter, fc.constantFrom(255, 256, 1_000, 40_000)).map(([text, bytes]) => filled(text, bytes)),
  },
);

const LEGAL_DATES = [
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '2024-01-01T00:00:00.0000000Z',
  '2024-01-01T00:00:00.0000001Z',
  '2024-01-01 00:00',
  '2024-01-01t00:00z',
  '2024-01-01T02:00:00+02:00',
  '2024-01-01T02:00+0200',
  '2024-01-01T02:00:00+02',
  '2023-12-31T22:00:00.000-02',
  '2023-12-31T24:00:00Z',
  '2023-12-31T24:00',
  '2023-12-31T24:00:00.000+00:00',
  '2024-02-29T23:59:59.99999999999999999999999999999999999999-12:00',
  '0001-01-01',
  '9999-12-31T23:59:59.9999999Z',
];

const ILLEGAL_DATES = [
  '2024-02-30',
  '2023-02-29',
  '2024-13-01',
  '2024-1-1',
  '20240101',
  '20240101T000000Z',
  '2024-W01-1',
  '2024-001',
  '2024-01-01T',
  '2024-01-01Z',
  '2024-01-01T24:00:01Z',
  '2024-01-01T24:01',
  '2024-01-01T23:59:60Z',
  '2024-01-01T00:00:00.Z',
  '2024-01-01T00:00:00+2',
  '2024-01-01T00:00:00+99:00',
  ' 2024-01-01',
  '2024-01-01\n',
  '+002024-01-01',
  '２０２４-０１-０１',
  'end of June',
];

export const dateText: fc.Arbitrary<TextSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 8, arbitrary: fc.constantFrom(...LEGAL_DATES) },
  { weight: 2, arbitrary: fc.constantFrom(...ILLEGAL_DATES) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 990 })
      .map((times): TextSketch => ({ joined: ['2024-01-01T00:00:00.', { repeat: '1', times }, 'Z'] })),
  },
);

/** A `linked_at` of many fraction digits: no index bounds it. */
export const longInstant: fc.Arbitrary<TextSketch> = fc
  .constantFrom(2_000, 20_000, 150_000, 200_000, 390_000)
  .map((times) => ({ joined: ['2024-01-01T00:00:00.', { repeat: '7', times }, 'Z'] }));
