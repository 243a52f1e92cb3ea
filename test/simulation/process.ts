/** How a call can fail. Only a write can fail after it took effect, or before it does. */
export const FAULTS = ['throttle', 'no-effect', 'lost-answer', 'late-effect', 'seen-twice'] as const;
export type Fault = (typeof FAULTS)[number];

/** What a storage call does at the moment for which it is chosen. */
export interface Effect<T> {
  readonly kind: 'read' | 'write';
  /** In a person's words, for the trace. */
  readonly label: () => string;
  readonly run: () => T | Later<T>;
  /** A write that is conditional on a token: however late it lands, it does no harm. */
  readonly fenced?: boolean;
  /** Milliseconds within which it lands, or never does, whatever is said of its process. */
  readonly landsWithinMs?: number;
  /** Told where the SDK sends the write twice: the first attempt was not answered. */
  readonly unanswered?: () => void;
  /** What the client is told where the SDK sends the write twice, and both arrive. */
  readonly again?: (first: T) => T;
  readonly show?: (value: T) => string;
}

/** A call that has begun to take effect and is not finished. */
export class Later<T> {
  readonly effect: Effect<T>;

  constructor(effect: Effect<T>) {
    this.effect = effect;
  }
}

/** One incarnation of a function or a copier: a crash ends it for ever. */
export interface Process {
  readonly name: string;
  calls: Call[];
  alive: boolean;
  /** Tells whoever started it; gone once told. */
  crashed: (() => void) | undefined;
  /** Milliseconds within which an unconditional write lands, or never does; undefined: whenever it likes. */
  readonly reserveMs: number | undefined;
  /** How readily it is chosen; see `Turns.drawPace`. */
  readonly pace: number;
  /** Until then it does nothing: a process that was halted, and goes on later. */
  haltedUntilStep: number;
  tokens: number;
}

/** A call that waits to take effect. */
export interface Call {
  readonly process: Process;
  effect: Effect<unknown>;
  /** Part of it has taken effect. */
  begun: boolean;
  readonly answer: (value: unknown) => void;
  readonly fail: (error: unknown) => void;
  notBeforeStep: number;
  readonly landsBeforeMs: number;
}

/** What the storage's client throws when it gives up. */
export class FaultError extends Error {
  constructor(fault: Fault) {
    super(`simulated: ${fault}`);
    this.name = 'TimeoutError';
  }
}

/** What a client is told of a request that says something wrong of its item. */
export class RefusedError extends Error {
  constructor() {
    super('simulated: refused');
    this.name = 'ValidationException';
  }
}

/** Lets a call take effect, or be refused, when nobody may be there any more to be told so. */
export function landed(
  effect: Effect<unknown>,
  land: (effect: Effect<unknown>) => unknown = finish,
): { readonly value: unknown } | { readonly refusal: RefusedError } {
  try {
    return { value: land(effect) };
  } catch (error) {
    if (error instanceof RefusedError) return { refusal: error };
    throw error;
  }
}

/** Lets all parts of a call take effect at once. */
export function finish(effect: Effect<unknown>): unknown {
  let value = effect.run();
  while (value instanceof Later) value = value.effect.run();
  return value;
}
