import { expect, test } from 'vitest';
import { type Evidence, judge } from '../../functions/validation/verdict.ts';

const SOUND: Evidence = {
  rowsCompared: 10,
  differences: 0,
  unsettled: 0,
  bucketsUnopened: 0,
  straysUnlisted: 0,
  entriesUnchecked: false,
  unexamined: [],
  proof: { planted: 5, missed: [] },
};

test('where nothing is to be said, both sides agree', () => {
  expect(judge(SOUND)).toEqual({ verdict: 'agree', reasons: [] });
});

test.each<[string, Partial<Evidence>, string]>([
  ['a proven difference', { differences: 1 }, 'disagree'],
  ['more rows under no link than can be listed', { straysUnlisted: 1 }, 'disagree'],
  ['no row at all', { rowsCompared: 0 }, 'inconclusive'],
  ['rows that never settled', { unsettled: 1 }, 'inconclusive'],
  ['buckets that were not opened', { bucketsUnopened: 1 }, 'inconclusive'],
  ['a quarantine too large to compare', { entriesUnchecked: true }, 'inconclusive'],
  ['a planted fault that was missed', { proof: { planted: 5, missed: ['a row missing'] } }, 'inconclusive'],
  ['no planted fault', { proof: { planted: 0, missed: [] } }, 'inconclusive'],
  ['tables that cannot be read', { failure: 'The table does not exist.' }, 'inconclusive'],
  [
    'a difference that a blind validator proves',
    { differences: 1, proof: { planted: 5, missed: ['x'] } },
    'inconclusive',
  ],
  ['a difference beside buckets not opened', { differences: 1, bucketsUnopened: 1 }, 'disagree'],
  ['a difference beside rows that never settled', { differences: 1, unsettled: 1 }, 'disagree'],
])('%s alone keeps the verdict from agreement, and says why', (_name, evidence, verdict) => {
  const judgement = judge({ ...SOUND, ...evidence });
  expect(judgement.verdict).toBe(verdict);
  expect(judgement.reasons.length).toBeGreaterThan(0);
});
