import { describe, expect, test } from 'vitest';
import { readMetricsOf } from '../../functions/read/read-metrics.ts';

describe('the metrics of reads', () => {
  test.each([
    [{}, { NewSideErrors: 0, WrongAnswers: 0 }],
    [
      { 'answers.new.tenant-named': 9, 'shadow.equal': 9, 'shadow.in-flight': 9 },
      { NewSideErrors: 0, WrongAnswers: 0 },
    ],
    [
      { 'answers.old.new-error': 2, 'answers.old.new-time-out': 3 },
      { NewSideErrors: 5, WrongAnswers: 0 },
    ],
    [
      { 'shadow.new-error': 1, 'probe.new-time-out': 1 },
      { NewSideErrors: 2, WrongAnswers: 0 },
    ],
    [
      { 'shadow.old-error': 4, 'answers.old.new-suspended': 4 },
      { NewSideErrors: 0, WrongAnswers: 0 },
    ],
    [
      { 'answers.old.new-wrong': 1, 'sample.missing': 1, 'shadow.extra': 1 },
      { NewSideErrors: 0, WrongAnswers: 3 },
    ],
    // The attributes of a difference are counted beside it.
    [
      { 'shadow.different': 2, 'shadow.different.post_value': 2 },
      { NewSideErrors: 0, WrongAnswers: 2 },
    ],
  ])('%j are %j', (counts, metrics) => {
    expect(readMetricsOf(counts)).toEqual(metrics);
  });
});
