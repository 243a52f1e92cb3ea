import type { Report } from '../flag/client.ts';
import { type CallOutcome, type Clock, withDeadline } from '../runtime/clock.ts';
import type { Breaker, ReadOutcome } from './breaker.ts';
import { faultOf } from './check-answer.ts';
import { comparePages, provenDifferences } from './compare-pages.ts';
import type { Counters } from './counters.ts';
import type { ReadRequest, ReadSide, RowPage } from './query.ts';

export type SideName = 'old' | 'new';

export interface ShadowSettings {
  /** Most comparisons at once. More are skipped and counted. */
  readonly inFlightMax: number;
  /** How long each read of a comparison may take. */
  readonly deadlineMs: number;
  /** How long after a difference both sides are read again, unless the flag's lag bound is longer. */
  readonly recheckAfterMs: number;
}

export const SHADOW_DEFAULTS: ShadowSettings = { inFlightMax: 8, deadlineMs: 2_000, recheckAfterMs: 5_000 };

/** Why an answer is compared: in stage shadow, as a sample of the new side's answers, or as a probe of the breaker. */
export type Purpose = 'shadow' | 'sample' | 'probe';

/** An answer to compare with the other side's. */
export interface AnswerToCompare {
  readonly purpose: Purpose;
  readonly request: ReadRequest;
  readonly origin: SideName;
  readonly page: RowPage;
  /** How far replication may lag, from the flag. */
  readonly lagBoundMs: number;
}

interface ShadowDependencies {
  readonly sides: Readonly<Record<SideName, ReadSide>>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly breaker: Breaker;
  readonly settings: ShadowSettings;
  readonly report: Report;
}

/**
 * Compares answers with the other side's, in the background: after the caller has its answer, a limited number at a
 * time, each with a deadline. Results are counted; nothing is thrown.
 */
export class ShadowReads {
  readonly #dependencies: ShadowDependencies;
  #inFlight = 0;

  constructor(dependencies: ShadowDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns immediately. */
  compare(answer: AnswerToCompare): void {
    const { clock, counters, settings } = this.#dependencies;
    // There is only ever one probe, and reads that hang must not keep the breaker open for good.
    if (this.#inFlight >= settings.inFlightMax && answer.purpose !== 'probe') {
      counters.count(`${answer.purpose}.skipped`);
      return;
    }
    this.#inFlight += 1;
    clock.after(0, () => void this.#runSafely(answer));
  }

  async #runSafely(answer: AnswerToCompare): Promise<void> {
    const { breaker, counters, report } = this.#dependencies;
    const { purpose } = answer;
    let outcome: ReadOutcome | undefined;
    try {
      outcome = await this.#run(answer);
    } catch (error) {
      counters.count(`${purpose}.failed`);
      report({ what: 'A comparison failed', error });
    }
    this.#inFlight -= 1;
    if (purpose === 'probe') breaker.recordProbe(outcome);
    // A sample's errors come from the old side, which the breaker does not judge.
    else if (purpose === 'sample' && outcome === 'wrong') breaker.record('wrong');
  }

  async #run({ purpose, request, origin, page, lagBoundMs }: AnswerToCompare): Promise<ReadOutcome | undefined> {
    const { clock, counters, settings } = this.#dependencies;
    const other = await this.#read(purpose, origin === 'old' ? 'new' : 'old', request);
    if (other.kind !== 'value') return outcomeOf(other);
    const [expected, actual] = origin === 'old' ? [page, other.value] : [other.value, page];
    if (faultOf(request, actual) !== undefined) {
      counters.count(`${purpose}.invalid`);
      return 'wrong';
    }
    const first = comparePages(expected, actual);
    if (first.size === 0) {
      counters.count(`${purpose}.equal`);
      return 'right';
    }
    const recheckAfterMs = Math.max(settings.recheckAfterMs, lagBoundMs);
    await new Promise<void>((resolve) => clock.after(recheckAfterMs, resolve));
    const [old, fresh] = await Promise.all([this.#read(purpose, 'old', request), this.#read(purpose, 'new', request)]);
    if (old.kind !== 'value' || fresh.kind !== 'value') return outcomeOf(fresh);
    const proven = provenDifferences(first, comparePages(old.value, fresh.value));
    for (const { kind, attributes } of proven) {
      counters.count(`${purpose}.${kind}`);
      for (const attribute of attributes) counters.count(`${purpose}.${kind}.${attribute}`);
    }
    if (proven.length > 0) return 'wrong';
    counters.count(`${purpose}.in-flight`);
    return 'right';
  }

  /** A read that is given up keeps its place until it ends, so that a side that hangs is not asked again and again. */
  async #read(purpose: Purpose, side: SideName, request: ReadRequest): Promise<CallOutcome<RowPage>> {
    const { sides, clock, counters, settings, report } = this.#dependencies;
    let state: 'running' | 'given up' | 'ended' = 'running';
    const outcome = await withDeadline(
      clock,
      settings.deadlineMs,
      (signal) => sides[side].read(request, signal),
      () => {
        if (state === 'given up') this.#inFlight -= 1;
        state = 'ended';
      },
    );
    if (state === 'running') {
      state = 'given up';
      this.#inFlight += 1;
    }
    if (outcome.kind !== 'value') counters.count(`${purpose}.${side}-${outcome.kind}`);
    if (outcome.kind === 'error') report({ what: `The ${side} side failed in a comparison`, error: outcome.error });
    return outcome;
  }
}

/** What a read without a value says about the new side; a suspended process says nothing. */
function outcomeOf(outcome: CallOutcome<unknown>): ReadOutcome | undefined {
  return outcome.kind === 'error' || outcome.kind === 'time-out' ? outcome.kind : undefined;
}
