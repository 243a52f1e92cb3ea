import type { TermBoard } from './lease-renewal.ts';
import type { Term } from './lease-term.ts';

const SLOTS = ['untilMs', 'steadyUntilMs', 'reserveMs', 'beatMs'] as const;

/** Times are kept as whole numbers of microseconds: only these can be exchanged between threads without a lock. */
const PER_MILLISECOND = 1_000;

/**
 * A term in memory that the thread which renews it shares with the one which writes under it. The parts of a term are posted one after another. Both ends only ever
 * grow until the lease is lost, so that whoever reads between two of them sees a term that ends no later than the one posted.
 */
export class SharedTerm implements TermBoard {
  readonly memory: SharedArrayBuffer;
  readonly #times: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(SLOTS.length * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#times = new BigInt64Array(memory);
  }

  read(): Term {
    return {
      untilMs: this.#load('untilMs'),
      steadyUntilMs: this.#load('steadyUntilMs'),
      reserveMs: this.#load('reserveMs'),
    };
  }

  post({ untilMs, steadyUntilMs, reserveMs }: Term): void {
    this.#store('reserveMs', reserveMs);
    this.#store('untilMs', untilMs);
    this.#store('steadyUntilMs', steadyUntilMs);
  }

  /** The thread that writes was at work at this instant of the steady clock. */
  beat(steadyMs: number): void {
    this.#store('beatMs', steadyMs);
  }

  lastBeatMs(): number {
    return this.#load('beatMs');
  }

  #load(slot: (typeof SLOTS)[number]): number {
    return Number(Atomics.load(this.#times, SLOTS.indexOf(slot))) / PER_MILLISECOND;
  }

  #store(slot: (typeof SLOTS)[number], timeMs: number): void {
    Atomics.store(this.#times, SLOTS.indexOf(slot), BigInt(Math.floor(timeMs * PER_MILLISECOND)));
  }
}
