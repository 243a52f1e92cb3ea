import type { Adversary } from './adversary.ts';
import { type Decisions, oneOf } from './decisions.ts';
import { type Call, type Effect, FAULTS, type Fault, FaultError, Later, type Process } from './process.ts';

/** What can begin something new: a writer its next write, a stream its next delivery, an operator a run. */
export interface Actor {
  readonly name: string;
  /** See `Scheduler.drawPace`. */
  readonly pace: number;
  /** `idle`: nobody else can act, so that there is nothing to wait for. */
  ready(idle: boolean): boolean;
  /** What it will do depends on this, and on what is stored. */
  state(): string;
  begin(): void;
}

interface Sleeper {
  readonly process: Process;
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

export type Counts = Record<Fault | 'crash' | 'abandoned' | 'zombie-write' | 'redelivery' | 'out-of-time', number>;

/** More than any schedule takes: who passes it does not come to rest. */
const STEPS_MAX = 20_000;

/** Steps for which a call, a dead process's write or a halted process may be held up, at most: one of these. For ever is until nobody else can act. */
const HOLD_UP_STEPS_MAX = [10, 60, 400, Number.POSITIVE_INFINITY] as const;

/** How often another is looked for where the one chosen is slow. */
const CHOICES_MAX = 4;

const OUT_OF_TIME_MAX = 4;

/** The schedule did not end. */
export class NoRestError extends Error {}

/**
 * Decides at every storage call who goes next. All processes are promises that wait at a gate; when none can go on by
 * itself one call is chosen, takes effect at once, and is answered. There is no timer: time passes only where a sleeper is chosen.
 */
export class Scheduler {
  readonly counts: Counts = {
    throttle: 0,
    'no-effect': 0,
    'lost-answer': 0,
    'late-effect': 0,
    'seen-twice': 0,
    crash: 0,
    abandoned: 0,
    'zombie-write': 0,
    redelivery: 0,
    'out-of-time': 0,
  };
  readonly decisions: Decisions;
  readonly adversary: Adversary;
  readonly trace: string[] | undefined;
  steps = 0;
  nowMs = 1_700_000_000_000;
  /** Called at every choice; false ends the schedule. */
  onChoice: (() => boolean) | undefined;
  processes: Process[] = [];
  zombies: Call[] = [];
  #sleepers: Sleeper[] = [];
  #last: Process | Actor | undefined;
  #quiet = false;

  constructor(decisions: Decisions, adversary: Adversary, trace?: string[]) {
    this.decisions = decisions;
    this.adversary = adversary;
    this.trace = trace;
  }

  /** Begins a process; it ends by its promise, or by a crash. */
  spawn<T>(
    name: string,
    reserveMs: number | undefined,
    run: (process: Process) => Promise<T>,
    settle: { done: (value: T) => void; failed: (error: unknown) => void; crashed: () => void },
  ): void {
    const process: Process = {
      name,
      calls: [],
      alive: true,
      crashed: settle.crashed,
      reserveMs,
      pace: this.drawPace(),
      haltedUntilStep: 0,
      tokens: 0,
      history: '',
    };
    this.processes.push(process);
    run(process).then(
      (value) => this.#end(process, () => settle.done(value)),
      (error: unknown) => this.#end(process, () => settle.failed(error)),
    );
  }

  #end(process: Process, settle: () => void): void {
    const watched = process.crashed !== undefined;
    process.alive = false;
    this.processes = this.processes.filter((other) => other !== process);
    if (watched) settle();
  }

  /** A call that waits at the gate until it is chosen. */
  call<T>(process: Process, effect: Effect<T>): Promise<T> {
    if (!process.alive) return new Promise(() => {});
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // A write that comes late does harm, a read hardly.
    const stalled = this.decisions.chance(this.adversary.stall * (effect.kind === 'write' ? 2 : 0.5));
    process.calls.push({
      process,
      effect: effect as Effect<unknown>,
      answer: resolve as (value: unknown) => void,
      fail: reject,
      begun: false,
      notBeforeStep: stalled ? this.#later() : 0,
      landsBeforeMs:
        effect.fenced || process.reserveMs === undefined || effect.kind === 'read'
          ? Number.POSITIVE_INFINITY
          : this.nowMs + process.reserveMs,
    });
    return promise;
  }

  #later(): number {
    if (!this.adversary.holdUps) return 0;
    const stepsMax = oneOf(this.decisions, HOLD_UP_STEPS_MAX);
    return Number.isFinite(stepsMax) ? this.steps + this.decisions.choose(stepsMax) : stepsMax;
  }

  sleep(process: Process, durationMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal.aborted) reject(signal.reason);
    const sleeper = { process, wakeAtMs: this.nowMs + durationMs, wake: resolve };
    this.#sleepers.push(sleeper);
    signal.addEventListener('abort', () => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
      reject(signal.reason);
    });
    return promise;
  }

  /** All that what happens next depends on, but for the storage and the actors. */
  state(): string {
    const open = this.processes.map(({ name, history, calls, crashed }) => [
      name,
      history,
      crashed !== undefined,
      calls.map((call) => call.effect.label() + call.begun),
    ]);
    const zombies = this.zombies.map((call) => call.effect.label() + call.begun).sort();
    const sleepers = this.#sleepers.map(({ process, wakeAtMs }) => [process.name, wakeAtMs]);
    return JSON.stringify([open, zombies, sleepers, this.nowMs, this.counts.crash, this.counts.abandoned]);
  }

  /** Whether a function is told that its time is up. */
  outOfTime(): boolean {
    if (this.#quiet || this.counts['out-of-time'] >= OUT_OF_TIME_MAX) return false;
    if (!this.decisions.chance(this.adversary.outOfTime)) return false;
    this.counts['out-of-time'] += 1;
    return true;
  }

  /** Whether a stream delivers once more what was dealt with. */
  redelivers(): boolean {
    const { adversary, counts } = this;
    if (this.#quiet || counts.redelivery >= adversary.redeliveriesMax) return false;
    if (!this.decisions.chance(adversary.redelivery)) return false;
    counts.redelivery += 1;
    return true;
  }

  /** Without faults from now on: what is under way is finished as it is. */
  quiet(): void {
    this.#quiet = true;
  }

  /** Goes on until no actor has anything to do and no process is left. */
  async run(actors: readonly Actor[]): Promise<void> {
    for (;;) {
      await quiescence();
      if (this.onChoice && !this.onChoice()) return;
      this.steps += 1;
      if (this.steps > STEPS_MAX) throw new NoRestError(`no rest after ${STEPS_MAX} steps`);
      if (this.#crashOne()) continue;
      const able = this.#units(actors);
      const units = able.length > 0 ? able : this.#heldUp(actors);
      const waitsFor = able.length > 0 ? this.adversary.timePasses : 0.5;
      const unit = units.length > 0 && !this.#timePasses(waitsFor) ? this.#pick(units) : undefined;
      if (unit === undefined) {
        if (this.#wakeOne()) continue;
        if (units.length === 0) return;
      } else if (unit === 'zombie') {
        this.#landZombie();
      } else if ('begin' in unit) {
        unit.begin();
      } else {
        this.#answer(unit);
      }
    }
  }

  /** How readily something is chosen: mostly at once, or slow for as long as it lives. */
  drawPace(): number {
    const { adversary, decisions } = this;
    return decisions.chance(adversary.slow) ? oneOf(decisions, [0.3, 0.05]) : 1;
  }

  #units(actors: readonly Actor[]): (Actor | Process | 'zombie')[] {
    const units: (Actor | Process | 'zombie')[] = [];
    for (const process of this.processes) {
      if (process.calls.length === 0) continue;
      const halted = process.haltedUntilStep > this.steps;
      if (!halted && process.calls.some((call) => call.notBeforeStep <= this.steps)) units.push(process);
    }
    for (const actor of actors) if (actor.ready(false)) units.push(actor);
    if (this.zombies.some((call) => call.notBeforeStep <= this.steps)) units.push('zombie');
    return units;
  }

  /** Those that go on before their time where nobody else can. */
  #heldUp(actors: readonly Actor[]): (Actor | Process | 'zombie')[] {
    const units = [
      ...this.processes.filter(({ calls }) => calls.length > 0),
      ...actors.filter((actor) => actor.ready(true)),
    ];
    return this.zombies.length > 0 ? [...units, 'zombie'] : units;
  }

  #pick(units: readonly (Actor | Process | 'zombie')[]): Actor | Process | 'zombie' {
    const last = this.#last;
    if (last && units.includes(last) && this.decisions.chance(this.adversary.stickiness)) return last;
    let unit = units[this.decisions.choose(units.length)] as Actor | Process | 'zombie';
    for (let choice = 1; choice < CHOICES_MAX && unit !== 'zombie'; choice += 1) {
      if (unit.pace === 1 || this.decisions.chance(unit.pace)) break;
      unit = units[this.decisions.choose(units.length)] as Actor | Process | 'zombie';
    }
    if (unit !== 'zombie') this.#last = unit;
    return unit;
  }

  /** Lets one of the process's calls take effect, well or badly. */
  #answer(process: Process): void {
    const open = process.calls.filter((call) => call.notBeforeStep <= this.steps);
    const among = open.length > 0 ? open : process.calls;
    const call = among[this.decisions.choose(among.length)] as Call;
    const fault = this.#drawFault(call);
    if (fault) {
      this.counts[fault] += 1;
      this.trace?.push(`${this.steps} ${process.name}: ${fault.toUpperCase()} ${call.effect.label()}`);
      process.calls.splice(process.calls.indexOf(call), 1);
      this.#misanswer(call, fault);
      return;
    }
    const value = call.effect.run();
    this.#note(call, value);
    if (value instanceof Later) {
      call.effect = value.effect;
      call.begun = true;
      this.remember(process, value.found);
      return;
    }
    process.calls.splice(process.calls.indexOf(call), 1);
    this.remember(process, value);
    call.answer(value);
  }

  /** For the exhaustive search: what a process has been told is all that its state can depend on. */
  remember: (process: Process, value: unknown) => void = () => {};

  #drawFault(call: Call): Fault | undefined {
    const { adversary, counts } = this;
    if (this.#quiet || adversary.fault === 0) return undefined;
    const { kind, again } = call.effect;
    const kinds = adversary.faultKinds.filter((name) =>
      name === 'seen-twice' ? again : kind === 'write' || name === 'throttle',
    );
    const sum = FAULTS.reduce((faults, name) => faults + counts[name], 0);
    if (kinds.length === 0 || sum >= adversary.faultsMax || !this.decisions.chance(adversary.fault)) return undefined;
    // What lands late does most harm.
    if (kinds.includes('late-effect') && this.decisions.chance(0.4)) return 'late-effect';
    return oneOf(this.decisions, kinds);
  }

  #misanswer(call: Call, fault: Fault): void {
    if (fault === 'lost-answer') finish(call.effect);
    // What has begun to take effect will be finished, whatever its caller was told.
    else if (fault === 'late-effect' || call.begun) this.#leaveBehind(call);
    if (fault === 'seen-twice' && !call.begun) {
      const value = finish(call.effect);
      // Of the two attempts one is answered; the other has landed before, or lands some time.
      const twinIsLate = this.decisions.chance(0.5);
      if (twinIsLate) this.#leaveBehind(call);
      call.answer(call.effect.again && !twinIsLate ? call.effect.again(value) : value);
      return;
    }
    this.remember(call.process, fault);
    call.fail(new FaultError(fault));
  }

  #crashOne(): boolean {
    const { adversary, counts, decisions } = this;
    if (this.#quiet || adversary.crash === 0 || counts.crash + counts.abandoned >= adversary.crashesMax) return false;
    const victims = this.processes.filter((process) => process.crashed);
    if (victims.length === 0 || !decisions.chance(adversary.crash)) return false;
    // What a crash can do harm to is mostly what was being written.
    const writers = victims.filter(({ calls }) => calls.some(({ effect }) => effect.kind === 'write'));
    const victim = oneOf(decisions, writers.length > 0 && decisions.chance(0.5) ? writers : victims);
    const crashed = victim.crashed;
    victim.crashed = undefined;
    if (decisions.chance(adversary.abandon)) {
      counts.abandoned += 1;
      if (decisions.chance(0.5)) victim.haltedUntilStep = this.#later();
      this.trace?.push(`${this.steps} ${victim.name}: ABANDONED, goes on unseen`);
    } else {
      counts.crash += 1;
      this.trace?.push(`${this.steps} ${victim.name}: CRASH`);
      victim.alive = false;
      this.processes = this.processes.filter((process) => process !== victim);
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.process !== victim);
      for (const call of victim.calls) {
        if (call.effect.kind === 'write' && (call.begun || decisions.chance(0.6))) this.#leaveBehind(call);
      }
      victim.calls = [];
    }
    crashed?.();
    return true;
  }

  #leaveBehind(call: Call): void {
    this.counts['zombie-write'] += 1;
    call.notBeforeStep = this.#later();
    this.zombies.push(call);
  }

  #landZombie(): void {
    const ripe = this.zombies.filter((call) => call.notBeforeStep <= this.steps);
    const call = oneOf(this.decisions, ripe.length > 0 ? ripe : this.zombies);
    this.zombies.splice(this.zombies.indexOf(call), 1);
    const value = finish(call.effect);
    if (this.trace) this.#note(call, value, 'LATE ');
  }

  #timePasses(probability: number): boolean {
    return this.#sleepers.length > 0 && this.decisions.chance(probability);
  }

  /** Time passes until a sleeper's end, unless a write would by then be under way for longer than any can be. */
  #wakeOne(): boolean {
    if (this.#sleepers.length === 0) return false;
    let boundMs = Number.POSITIVE_INFINITY;
    for (const call of this.zombies) boundMs = Math.min(boundMs, call.landsBeforeMs);
    for (const process of this.processes) {
      for (const call of process.calls) boundMs = Math.min(boundMs, call.landsBeforeMs);
    }
    const awake = this.#sleepers.filter(({ process }) => process.haltedUntilStep <= this.steps);
    const among = awake.length > 0 ? awake : this.#sleepers;
    const able = among.filter((sleeper) => sleeper.wakeAtMs < boundMs);
    const sleeper = able[this.decisions.choose(able.length)];
    if (sleeper === undefined) return false;
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.nowMs = Math.max(this.nowMs, sleeper.wakeAtMs);
    this.trace?.push(`${this.steps} ${sleeper.process.name}: wakes`);
    this.remember(sleeper.process, 'wakes');
    sleeper.wake();
    return true;
  }

  #note(call: Call, value: unknown, prefix = ''): void {
    if (this.trace === undefined) return;
    const { effect } = call;
    const answer = value instanceof Later ? '…' : effect.show ? effect.show(value) : shortly(value);
    this.trace.push(`${this.steps} ${call.process.name}: ${prefix}${effect.label()} → ${answer}`);
  }
}

function finish(effect: Effect<unknown>): unknown {
  let value = effect.run();
  while (value instanceof Later) value = value.effect.run();
  return value;
}

function shortly(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/**
 * Resolves when every promise that can go on by itself has done so: ticks are run when the queue of promises is empty, and
 * a tick asked for by a promise comes after all others.
 */
export function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}
