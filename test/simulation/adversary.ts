import { type Decisions, oneOf } from './decisions.ts';
import { FAULTS, type Fault } from './process.ts';

/** What the adversary of one schedule may do, and how often. Probabilities are those of a single opportunity. */
export interface Adversary {
  /** A process is killed between two calls. What it had sent may be lost, have landed, or land later. */
  readonly crash: number;
  readonly crashesMax: number;
  /** Of the crashes, those where the process goes on unseen while its successor is already at work. */
  readonly abandon: number;
  /** A call fails; see `Fault`. */
  readonly fault: number;
  readonly faultsMax: number;
  readonly faultKinds: readonly Fault[];
  /** Events that were dealt with are delivered again. */
  readonly redelivery: number;
  readonly redeliveriesMax: number;
  /** Old events of a source that are delivered once more beside its stream, at most. */
  readonly replaysMax: number;
  /** A call is held up while others go on. */
  readonly stall: number;
  /** Late writes and halted processes wait; else they may go on at once. */
  readonly holdUps: boolean;
  /** An actor, or a process, is slow as long as it lives. */
  readonly slow: number;
  /** The one who acted last acts again, if it can. */
  readonly stickiness: number;
  /** A transaction's rows become visible to plain reads one by one; 1: each by a step of its own. */
  readonly halfVisible: number;
  /** A batched read reads its items at different times; 1: each at a time of its own. */
  readonly splitRead: number;
  /** An index answers for an item as it was before. */
  readonly indexLag: number;
  /** A function is told that its time is up. */
  readonly outOfTime: number;
  /** A sleeper wakes although others could act: time passes. */
  readonly timePasses: number;
  /** The same where others could act only before their time. */
  readonly timePassesFirst: number;
  /** Sleepers wake in the order of their times; else any of them may be the next. */
  readonly timeInOrder: boolean;
  /** Steps between two of the service's writes, at most. */
  readonly stepsBetweenWrites: number;
  /** Of the service's writes, those that come before the backfill is finished; the others wait for its end. */
  readonly writesBeforeBackfillEnds: number;
  /** The streams deliver nothing before the backfill is finished. */
  readonly streamsWait: boolean;
  /** Items of a page, of any listing. */
  readonly pageItems: number;
}

/** Draws an adversary, so that some schedules are rough and others search the plain interleavings more deeply. */
export function drawAdversary(decisions: Decisions): Adversary {
  const rough = decisions.chance(0.7);
  return {
    crash: rough ? oneOf(decisions, [0, 0.01, 0.03, 0.06]) : 0,
    crashesMax: 4,
    abandon: 0.3,
    fault: rough ? oneOf(decisions, [0, 0.01, 0.03]) : 0,
    faultsMax: 6,
    faultKinds: FAULTS,
    redelivery: oneOf(decisions, [0, 0.05, 0.2]),
    redeliveriesMax: 3,
    replaysMax: oneOf(decisions, [0, 3]),
    stall: oneOf(decisions, [0, 0.05, 0.2]),
    holdUps: true,
    slow: oneOf(decisions, [0, 0.3, 0.6]),
    stickiness: oneOf(decisions, [0, 0.5, 0.85]),
    halfVisible: oneOf(decisions, [0, 0.3]),
    splitRead: oneOf(decisions, [0, 0.2]),
    indexLag: oneOf(decisions, [0, 0.3, 0.8]),
    outOfTime: rough ? oneOf(decisions, [0, 0.1]) : 0,
    timePasses: oneOf(decisions, [0.002, 0.02]),
    timePassesFirst: 0.5,
    timeInOrder: false,
    stepsBetweenWrites: oneOf(decisions, [0, 10, 40, 120]),
    writesBeforeBackfillEnds: oneOf(decisions, [1, 1, 0.5, 0]),
    streamsWait: decisions.chance(0.15),
    pageItems: oneOf(decisions, [1, 2, 100]),
  };
}
