import type { Adversary } from './adversary.ts';
import { edit, type Mutation } from './mutation.ts';

const COORDINATE = 'backfill/workflow/coordinate.ts';
const DECIDE = 'backfill/workflow/decide.ts';
const LATE_PUTS = 'backfill/copy/late-puts.ts';
const SEGMENT = 'backfill/workflow/segment.ts';

const IN_TURN = 'many copied records that go, on Step Functions';
const AT_FIRST = 'many copied records that go, at first on Step Functions';
const AT_LAST = 'many copied records that go, at last on Step Functions';

/** Late writes stay under way while a lease runs out. */
const PATIENT: Partial<Adversary> = { crash: 0, fault: 0, timePassesFirst: 0.95 };
/** The SDK sends many puts twice, and the first of the two lands late. */
const TWINS: Partial<Adversary> = { ...PATIENT, fault: 0.3, faultKinds: ['seen-twice'] };
/** Writes land late whose process is told that they failed. */
const LATE: Partial<Adversary> = { ...PATIENT, fault: 0.1, faultKinds: ['late-effect'] };
const LOST_SIGHT_OF: Partial<Adversary> = { ...PATIENT, crash: 0.02, abandon: 1 };

/** Mistakes of the backfill on Step Functions: of the leases of its workers, and of what these leave to others. */
export const WORKFLOW_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a worker puts rows although its lease ran out',
    firstSeed: 400,
    scheduledWorld: IN_TURN,
    adversary: LOST_SIGHT_OF,
    edits: [
      edit(
        SEGMENT,
        'order, lease, latePuts);\n    const copier',
        'order, { requireHeld() {} }, latePuts);\n    const copier',
      ),
    ],
  },
  {
    name: 'a worker takes no lease',
    firstSeed: 190,
    scheduledWorld: IN_TURN,
    adversary: LOST_SIGHT_OF,
    edits: [
      edit(
        SEGMENT,
        'await acquireMemberLease(options, group,',
        `{ requireHeld() {}, async release() {}, async releaseAfterReserve() {}, async leave() {} };
         void (options, group,`,
      ),
    ],
  },
  {
    name: 'the sweep of a workflow does not wait for the puts of workers',
    firstSeed: 98,
    scheduledWorld: IN_TURN,
    adversary: TWINS,
    edits: [edit(DECIDE, 'membersLandUntilMs(members, putLandsWithinMs)', '0')],
  },
  {
    name: 'the sweep of a workflow waits for the leases of workers, and not for their puts',
    firstSeed: 98,
    scheduledWorld: IN_TURN,
    adversary: TWINS,
    edits: [edit(DECIDE, 'membersLandUntilMs(members, putLandsWithinMs)', 'membersLandUntilMs(members, 0)')],
  },
  {
    name: 'a worker gives its lease up as if all of its puts had been answered',
    firstSeed: 98,
    scheduledWorld: IN_TURN,
    adversary: TWINS,
    edits: [edit(SEGMENT, 'lease.release(latePuts.unansweredUntilMs)', 'lease.release()')],
  },
  {
    name: 'a worker that failed gives its lease up at once',
    firstSeed: 230,
    scheduledWorld: IN_TURN,
    adversary: LATE,
    edits: [edit(SEGMENT, 'await lease.releaseAfterReserve();', 'await lease.release();')],
  },
  {
    name: 'a worker forgets the puts of the one before it',
    scheduledWorld: IN_TURN,
    adversary: LATE,
    edits: [
      edit(
        LATE_PUTS,
        'return new LatePuts(options, abandonedLandUntilMs(lease, options));',
        'return new LatePuts(options, abandonedLandUntilMs({}, lease && options));',
      ),
    ],
  },
  {
    name: 'a sweep in one process does not wait for the puts of workers',
    firstSeed: 26,
    scheduledWorld: AT_FIRST,
    adversary: { ...TWINS, fault: 0.2 },
    edits: [edit(LATE_PUTS, 'membersLandUntilMs(members, putLandsWithinMs)', '0')],
  },
  {
    name: 'the sweep of a workflow does not wait for the puts of a copier before it',
    firstSeed: 180,
    scheduledWorld: AT_LAST,
    adversary: LATE,
    edits: [edit(DECIDE, 'Math.max(latePutsUntilMs, ', 'Math.max(0, ')],
  },
  {
    name: 'a workflow takes over from a copier that failed, and does not note its puts',
    firstSeed: 350,
    scheduledWorld: AT_LAST,
    adversary: LATE,
    edits: [edit(COORDINATE, 'await latePuts.store(control);', '')],
  },
  {
    name: 'a repeated workflow puts rows past the protocol',
    firstSeed: 230,
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a copied record that changes and goes, beside a second backfill on Step Functions',
    adversary: { ...PATIENT, writesBeforeBackfillEnds: 0, stepsBetweenWrites: 120, streamsWait: false },
    edits: [edit(SEGMENT, 'order.isRepeat ? guarded :', 'guarded === undefined ? guarded :')],
  },
  {
    name: 'a workflow does not say that records were copied before the links',
    scheduledWorld: 'a copied record and its link, the record first, at last on Step Functions',
    edits: [edit(COORDINATE, 'decision, recordsHaveBegun(checkpoints))', 'decision, false)')],
  },
];
