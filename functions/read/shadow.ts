import type { Report } from '../flag/client.ts';
import { type Clock, type Outcome, withDeadline } from '../runtime/clock.ts';
import type { Breaker, ReadOutcome } from './breaker.ts';
import { faultOf } from './check-answer.ts';
import { comparePages, provenDifferences } from './compare-pages.ts';
import type { Counters } from './counters.ts';
import type { ReadRequest, ReadSide, RowPage } from './query.ts';

export type SideName = 'old' | 'new';

export interface ShadowSettings {
  /** Comparisons that are under way at once; what comes beyond is skipped and counted. */
  readonly inFlightMax: number;
  /** How long one read of a comparison may take. */
  readonly deadlineMs: number;
  /** How long after a difference both sides are read again, where the flag's lag bound is not longer. */
  readonly recheckAfterMs: number;
}

export const SHADOW_DEFAULTS: ShadowSettings = { inFlightMax: 8, deadlineMs: 2_000, recheckAfterMs: 5_000 };

/** Why an answer is compared: in stage shadow, as a sample of new answers, or to find out whether the breaker can close. */
export type Purpose = 'shadow' | 'sample' | 'probe';

/** An answer that is to be compared. */
export interface Comparison {
  readonly purpose: Purpose;
  readonly request: ReadRequest;
  readonly origin: SideName;
  readonly answer: RowPage;
  /** How far replication may lag behind, as the flag has it. */
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
 * Compares answers with what the other side says, behind the caller's back: it starts after the answer, is bounded in number
 * and time, and whatever comes of it is counted and never thrown.
 */
export class ShadowReads {
  readonly #dependencies: ShadowDependencies;
  #inFlight = 0;

  constructor(dependencies: ShadowDependencies) {
    this.#dependencies = dependencies;
  }

  /** @returns at once. */
  compare(comparison: Comparison): void {
    const { clock, counters, settings } = this.#dependencies;
    const { purpose } = comparison;
    // Probes come one at a time by themselves, and reads that hang must not keep the breaker from ever closing.
    if (this.#inFlight >= settings.inFlightMax && purpose !== 'probe') {
      counters.count(`${purpose}.skipped`);
      return;
    }
    this.#inFlight += 1;
    clock.after(0, () => void this.#runToTheEnd(comparison));
  }

  async #runToTheEnd(comparison: Comparison): Promise<void> {
    let outcome: ReadOutcome | undefined;
    try {
      outcome = await this.#run(comparison);
    } catch (error) {
      this.#dependencies.counters.count(`${comparison.purpose}.failed`);
      this.#dependencies.report({ what: 'A comparison failed', error });
    }
    this.#inFlight -= 1;
    this.#conclude(comparison.purpose, outcome);
  }

  #conclude(purpose: Purpose, outcome: ReadOutcome | undefined): void {
    const { breaker } = this.#dependencies;
    if (purpose === 'probe') breaker.recordProbe(outcome);
    // Errors of a sample are the old side's, whose health is not the breaker's business.
    else if (purpose === 'sample' && outcome === 'wrong') breaker.record('wrong');
  }

  async #run({ purpose, request, origin, answer, lagBoundMs }: Comparison): Promise<ReadOutcome | undefined> {
    const { clock, counters, settings } = this.#dependencies;
    const other = await this.#read(purpose, origin === 'old' ? 'new' : 'old', request);
    if (other.kind !== 'value') return outcomeOf(other);
    const [expected, actual] = origin === 'old' ? [answer, other.value] : [other.value, answer];
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

  /** A read that was given up holds its place until it has ended: a side that hangs is not asked again and again. */
  async #read(purpose: Purpose, side: SideName, request: ReadRequest): Promise<Outcome<RowPage>> {
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

/** What a read that gave no value says of the new side; of a suspended process, nothing. */
function outcomeOf(outcome: Outcome<unknown>): ReadOutcome | undefined {
  return outcome.kind === 'error' || outcome.kind === 'time-out' ? outcome.kind : undefined;
}
