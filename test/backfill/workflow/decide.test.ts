import { expect, test } from 'vitest';
import { type Checkpoint, PASSES, type Pass } from '../../../backfill/copy/run-state.ts';
import { EMPTY_TALLY } from '../../../backfill/copy/tally.ts';
import { type Decision, decideNext, type Standing } from '../../../backfill/workflow/decide.ts';

const NOW_MS = 1_000_000;
const LANDS_WITHIN_MS = 960_000;
const COPIES = PASSES.slice(0, 4);

function checkpoints(passes: readonly Pass[], done: (segment: number) => boolean): Checkpoint[] {
  return passes.flatMap((pass) =>
    [0, 1].map((segment) => ({ runId: 'r', pass, segment, done: done(segment), tally: EMPTY_TALLY })),
  );
}

const allDone = (passes: readonly Pass[]) => checkpoints(passes, () => true);

function decide(changes: Partial<Standing>): Decision {
  return decideNext({
    run: { runId: 'r', startedAt: '2026-11-27T00:00:00.000Z', totalSegments: 2, isRepeat: false },
    checkpoints: [],
    members: [],
    latePutsUntilMs: 0,
    putLandsWithinMs: LANDS_WITHIN_MS,
    nowMs: NOW_MS,
    ...changes,
  });
}

const [first, second] = PASSES;
const sweep = { kind: 'segments', pass: 'sweep-records', segments: [0, 1] };

test.each<[string, Partial<Standing>, object]>([
  ['begins with the first pass', {}, { kind: 'segments', pass: first, segments: [0, 1] }],
  [
    'gives out the segments that are left',
    { checkpoints: checkpoints([first], (segment) => segment === 0) },
    { kind: 'segments', pass: first, segments: [1] },
  ],
  ['goes on to the next pass', { checkpoints: allDone([first]) }, { kind: 'segments', pass: second, segments: [0, 1] }],
  [
    'ends where segments are left after they were worked on',
    { checkpoints: checkpoints([first], (segment) => segment === 0), worked: first },
    { kind: 'failed', pass: first, segments: [1] },
  ],
  ['sweeps at once where every put was answered', { checkpoints: allDone(COPIES) }, sweep],
  [
    'sweeps at once where the workers gave their leases up in order',
    { checkpoints: allDone(COPIES), members: [{ work: 'a#0', untilMs: 0 }] },
    sweep,
  ],
  [
    'waits for a worker that has yet to give its lease up',
    {
      checkpoints: allDone(COPIES),
      members: [
        { work: 'a#0', untilMs: NOW_MS + 7 },
        { work: 'a#1', untilMs: NOW_MS - 1 },
      ],
    },
    { kind: 'wait', untilMs: NOW_MS + 7 },
  ],
  [
    'waits for the puts of a worker that was killed',
    { checkpoints: allDone(COPIES), members: [{ work: 'a#0', untilMs: NOW_MS - 5 }] },
    { kind: 'wait', untilMs: NOW_MS - 5 + LANDS_WITHIN_MS },
  ],
  [
    'waits for the puts of a process that copied before',
    { checkpoints: allDone(COPIES), latePutsUntilMs: NOW_MS + 3 },
    { kind: 'wait', untilMs: NOW_MS + 3 },
  ],
  [
    'waits no longer when they can land no more',
    {
      checkpoints: allDone(COPIES),
      members: [{ work: 'a#0', untilMs: NOW_MS - LANDS_WITHIN_MS }],
      latePutsUntilMs: NOW_MS,
    },
    sweep,
  ],
  [
    'does not wait again for a sweep that has begun',
    {
      checkpoints: [...allDone(COPIES), ...checkpoints(['sweep-records'], (segment) => segment === 1)],
      members: [{ work: 'a#0', untilMs: NOW_MS + 7 }],
    },
    { kind: 'segments', pass: 'sweep-records', segments: [0] },
  ],
  ['closes the run when all passes are done', { checkpoints: allDone(PASSES) }, { kind: 'close' }],
  [
    'takes checkpoints of an earlier run for none',
    { checkpoints: allDone(PASSES).map((each) => ({ ...each, runId: 'q' })) },
    { kind: 'segments', pass: first, segments: [0, 1] },
  ],
])('%s', (_, standing, decision) => {
  expect(decide(standing)).toEqual(decision);
});

test('gives out segments in an order in which neighbours are not worked on together', () => {
  const run = { runId: 'r', startedAt: '2026-11-27T00:00:00.000Z', totalSegments: 200, isRepeat: false };
  const decision = decide({ run });
  const { segments } = decision as Extract<Decision, { kind: 'segments' }>;
  expect(segments.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 200 }, (_, at) => at));
  for (let from = 0; from + 8 <= segments.length; from += 1) {
    const together = segments.slice(from, from + 8).toSorted((left, right) => left - right);
    for (const [at, segment] of together.slice(1).entries())
      expect(segment - (together[at] as number)).toBeGreaterThan(5);
  }
});
