import type { Report } from '../flag/client.ts';
import type { ReaderFlag } from '../flag/stages.ts';
import { type Clock, systemClock, withDeadline } from '../runtime/clock.ts';
import { Breaker, type BreakerSettings } from './breaker.ts';
import { faultOf } from './check-answer.ts';
import { Counters } from './counters.ts';
import type { ReadOptions } from './kpi-reads.ts';
import type { ReadRequest, ReadSide, RowPage } from './query.ts';
import { type Route, routeOf } from './route.ts';
import { type Purpose, SHADOW_DEFAULTS, ShadowReads, type ShadowSettings, type SideName } from './shadow.ts';

/** What an answer says about itself. */
export interface Provenance {
  readonly origin: SideName;
  /** Why this side answered: because of the flag, or in place of a new side that did not. */
  readonly reason: Route['reason'] | 'breaker-open' | 'new-error' | 'new-time-out' | 'new-suspended' | 'new-wrong';
}

export interface RouterSettings {
  /** How long the new side may take before the old one answers instead. */
  readonly newDeadlineMs: number;
  /** Share of reads, 0 to 1, that stage shadow compares. */
  readonly shadowShare: number;
  /** Share of the new side's answers, 0 to 1, that are compared with the old side. */
  readonly sampleShare: number;
  readonly shadow: ShadowSettings;
  readonly breaker?: BreakerSettings;
}

/** What the router does unless told otherwise; spread it to change one of them. */
export const ROUTER_DEFAULTS: RouterSettings = {
  newDeadlineMs: 500,
  shadowShare: 0.1,
  sampleShare: 0.01,
  shadow: SHADOW_DEFAULTS,
};

export interface RouterDependencies {
  readonly sides: Readonly<Record<SideName, ReadSide>>;
  /** The last known flag. Every read asks for it, so it must be fast. */
  readonly flag: () => ReaderFlag | Promise<ReaderFlag>;
  readonly settings?: RouterSettings;
  readonly clock?: Clock;
  /** A random number from 0 to below 1. */
  readonly random?: () => number;
  readonly report?: Report;
}

/** Routes each read to a side by the flag. If the new side does not answer, the old one does. */
export interface Router {
  /** @throws only what the old side throws. */
  read(request: ReadRequest, options: ReadOptions): Promise<RowPage & Provenance>;
  readonly breaker: Breaker;
  /** Counts of answers by origin and reason, and of comparisons by result. */
  readonly counters: Counters;
}

export function createRouter(dependencies: RouterDependencies): Router {
  const {
    sides,
    clock = systemClock,
    random = Math.random,
    settings = ROUTER_DEFAULTS,
    report = () => {},
  } = dependencies;
  const counters = new Counters();
  const breaker = new Breaker(clock, settings.breaker);
  const shadow = new ShadowReads({ sides, clock, counters, breaker, settings: settings.shadow, report });

  const answer = (page: RowPage, origin: SideName, reason: Provenance['reason']): RowPage & Provenance => {
    counters.count(`answers.${origin}.${reason}`);
    return { ...page, origin, reason };
  };

  const flagNow = async (): Promise<ReaderFlag> => {
    try {
      return await dependencies.flag();
    } catch (error) {
      report({ what: 'The flag cannot be read, so the old side answers', error });
      return { stage: 'old', reason: 'flag-unreadable' };
    }
  };

  const readNew = async (
    request: ReadRequest,
  ): Promise<RowPage | 'new-error' | 'new-time-out' | 'new-suspended' | 'new-wrong'> => {
    const outcome = await withDeadline(clock, settings.newDeadlineMs, (signal) => sides.new.read(request, signal));
    if (outcome.kind === 'suspended') return 'new-suspended';
    if (outcome.kind !== 'value') {
      breaker.record(outcome.kind);
      report({ what: 'The new side did not answer', error: outcome.kind === 'error' ? outcome.error : outcome.kind });
      return `new-${outcome.kind}`;
    }
    const fault = faultOf(request, outcome.value);
    if (fault !== undefined) {
      breaker.record('wrong');
      report({ what: `The new side's answer was wrong: ${fault}` });
      return 'new-wrong';
    }
    breaker.record('right');
    return outcome.value;
  };

  return {
    breaker,
    counters,
    async read(request, { lastWriteAtMs }) {
      const { tenantId } = request.query;
      const flag = await flagNow();
      const { lagBoundMs = 0 } = flag.stage === 'old' ? {} : flag;
      const compare = (purpose: Purpose, origin: SideName, page: RowPage) =>
        shadow.compare({ purpose, request, origin, page, lagBoundMs });
      const route = routeOf(flag, { tenantId, lastWriteAtMs, nowMs: clock.nowMs() });
      if (route.side === 'old') {
        const page = await sides.old.read(request);
        if (route.shadow && random() < settings.shadowShare) compare('shadow', 'old', page);
        return answer(page, 'old', route.reason);
      }
      if (breaker.state !== 'closed') {
        const page = await sides.old.read(request);
        if (breaker.tryProbe()) compare('probe', 'old', page);
        return answer(page, 'old', 'breaker-open');
      }
      const result = await readNew(request);
      if (typeof result === 'string') return answer(await sides.old.read(request), 'old', result);
      if (random() < settings.sampleShare) compare('sample', 'new', result);
      return answer(result, 'new', route.reason);
    },
  };
}
