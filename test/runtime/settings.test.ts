import { describe, expect, test } from 'vitest';
import { TABLE_ROLES } from '../../functions/migration/tables.ts';
import { readFunctionSettings } from '../../functions/runtime/settings.ts';

const TABLE_NAMES = JSON.stringify(Object.fromEntries(TABLE_ROLES.map((role) => [role, `a-${role}`])));
const RIGHT = { TABLE_NAMES, HELD_RECORDS: 'hold', TOKEN_RETENTION_DAYS: '30', RECORD_CONCURRENCY: '8' };

describe('the variables of a function', () => {
  test.each([
    ['missing', { TABLE_NAMES: undefined }, 'TABLE_NAMES is missing.'],
    ['a table too few', { TABLE_NAMES: TABLE_NAMES.replace('people', 'persons') }, 'TABLE_NAMES.people is missing'],
    ['no JSON', { TABLE_NAMES: '{' }, 'TABLE_NAMES is not JSON: '],
    ['no choice', { HELD_RECORDS: 'drop' }, 'HELD_RECORDS is not "hold" or "personal-link".'],
    ['no whole number', { RECORD_CONCURRENCY: '1.5' }, 'RECORD_CONCURRENCY is no whole number.'],
    ['no number', { RECORD_CONCURRENCY: 'many' }, 'RECORD_CONCURRENCY is no number.'],
    ['too small', { TOKEN_RETENTION_DAYS: '0' }, 'TOKEN_RETENTION_DAYS is not above 0.'],
  ])('are refused in plain words: %s', (_, given, message) => {
    expect(() => readFunctionSettings({ ...RIGHT, ...given })).toThrow(message);
  });

  test('are told every problem at once', () => {
    const wrong = { ...RIGHT, HELD_RECORDS: undefined, RECORD_CONCURRENCY: '0' };
    expect(() => readFunctionSettings(wrong)).toThrow('HELD_RECORDS is missing; RECORD_CONCURRENCY is not above 0.');
  });
});
