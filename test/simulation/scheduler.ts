import type { Adversary } from './adversary.ts';
import type { Decisions } from './decisions.ts';
import { Faults } from './faults.ts';
import { LateWrites } from './late-writes.ts';
import type { OddItem } from './odd-items.ts';
import { type Call, type Effect, type Fault, FaultError, Later, landed, type Process } from './process.ts';
import { quiescence } from './quiescence.ts';
import type { Search } from './search.ts';
import { Sleepers } from './sleepers.ts';
import { showCall } from './trace-text.ts';
import { type Actor, heldUpUntil, Turns, type Unit, unitsHeldUp, unitsReady } from './turns.ts';

/** More than any schedule takes: who passes it does not come to rest. */
const STEPS_MAX = 20_000;

/** The schedule did not end. */
export class NoRestError extends Error {}

/**
 * Decides at every storage call who goes next. All processes are promises that wait at a gate; when none can go on by
 * itself one call is chosen, takes effect at once, and is answered. There is no timer: time passes only where a sleeper is chosen.
 */
export class Scheduler {
  readonly faults: Faults;
  readonly sleepers = new Sleepers();
  readonly lateWrites = new LateWrites();
  readonly turns: Turns;
  readonly decisions: Decisions;
  readonly adversary: Adversary;
  readonly trace: string[] | undefined;
  steps = 0;
  nowMs = 1_700_000_000_000;
  /** The item that the store refuses, where there is one. */
  odd: OddItem | undefined;
  /** Of an exhaustive search. */
  search: Search | undefined;
  processes: Process[] = [];

  constructor(decisions: Decisions, adversary: Adversary, trace?: string[]) {
    this.decisions = decisions;
    this.adversary = adversary;
    this.faults = new Faults(decisions, adversary);
    this.turns = new Turns(decisions, adversary);
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
      pace: this.turns.drawPace(),
      haltedUntilStep: 0,
      tokens: 0,
    };
    this.processes.push(process);
    this.search?.acts(process);
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
      notBeforeStep: stalled ? heldUpUntil(this.steps, this.decisions, this.adversary) : 0,
      landsBeforeMs: this.#landsBefore(process, effect as Effect<unknown>),
    });
    return promise;
  }

  #landsBefore({ reserveMs }: Process, { fenced, kind, landsWithinMs = reserveMs }: Effect<unknown>): number {
    if (fenced || kind === 'read' || landsWithinMs === undefined) return Number.POSITIVE_INFINITY;
    return this.nowMs + landsWithinMs;
  }

  /** Goes on until no actor has anything to do and no process is left. */
  async run(actors: readonly Actor[]): Promise<void> {
    for (;;) {
      await quiescence();
      this.steps += 1;
      if (this.steps > STEPS_MAX) throw new NoRestError(`no rest after ${STEPS_MAX} steps`);
      if (this.#crashOne()) continue;
      const able = unitsReady(this.processes, actors, this.lateWrites, this.steps);
      const units = able.length > 0 ? able : unitsHeldUp(this.processes, actors, this.lateWrites);
      const waitsFor = able.length > 0 ? this.adversary.timePasses : this.adversary.timePassesFirst;
      const unit = units.length > 0 && !this.#timePasses(waitsFor) ? this.#pick(units) : undefined;
      if (unit === undefined) {
        if (units.length > 0 && this.search) return;
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

  #pick(units: readonly Unit[]): Unit | undefined {
    return this.search ? this.search.turn(units) : this.turns.pick(units);
  }

  /** Lets one of the process's calls take effect, well or badly. */
  #answer(process: Process): void {
    const open = process.calls.filter((call) => call.notBeforeStep <= this.steps);
    const among = open.length > 0 ? open : process.calls;
    const call = among[this.decisions.choose(among.length)] as Call;
    const fault = this.faults.draw(call);
    if (fault) {
      this.faults.counts[fault] += 1;
      this.trace?.push(`${this.steps} ${process.name}: ${fault.toUpperCase()} ${call.effect.label()}`);
      process.calls.splice(process.calls.indexOf(call), 1);
      this.#misanswer(call, fault);
      return;
    }
    this.search?.acts(process);
    const landing = landed(call.effect, (effect) => effect.run());
    if ('refusal' in landing) {
      process.calls.splice(process.calls.indexOf(call), 1);
      this.trace?.push(`${this.steps} ${process.name}: REFUSED ${call.effect.label()}`);
      call.fail(landing.refusal);
      return;
    }
    const { value } = landing;
    this.#note(call, value);
    if (value instanceof Later) {
      call.effect = value.effect;
      call.begun = true;
      return;
    }
    process.calls.splice(process.calls.indexOf(call), 1);
    if (this.search?.crashesAfter(call)) this.#crash(process);
    else call.answer(value);
  }

  #misanswer(call: Call, fault: Fault): void {
    if (fault === 'lost-answer') landed(call.effect);
    // What has begun to take effect will be finished, whatever its caller was told.
    else if (fault === 'late-effect' || call.begun) this.#leaveBehind(call);
    if (fault === 'seen-twice' && !call.begun) {
      const landing = landed(call.effect);
      if ('refusal' in landing) {
        call.fail(landing.refusal);
        return;
      }
      const { value } = landing;
      call.effect.unanswered?.();
      // Of the two attempts one is answered; the other has landed before, or lands some time.
      const twinIsLate = this.decisions.chance(0.5);
      if (twinIsLate) this.#leaveBehind(call);
      call.answer(call.effect.again && !twinIsLate ? call.effect.again(value) : value);
      return;
    }
    call.fail(new FaultError(fault));
  }

  #crashOne(): boolean {
    const victim = this.search ? this.search.victim() : this.faults.drawVictim(this.processes);
    if (victim) this.#crash(victim);
    return victim !== undefined;
  }

  #crash(victim: Process): void {
    const { adversary, decisions } = this;
    const { counts } = this.faults;
    const crashed = victim.crashed;
    victim.crashed = undefined;
    if (decisions.chance(adversary.abandon)) {
      counts.abandoned += 1;
      if (decisions.chance(0.5)) victim.haltedUntilStep = heldUpUntil(this.steps, this.decisions, this.adversary);
      this.trace?.push(`${this.steps} ${victim.name}: ABANDONED, goes on unseen`);
    } else {
      counts.crash += 1;
      this.trace?.push(`${this.steps} ${victim.name}: CRASH`);
      victim.alive = false;
      this.processes = this.processes.filter((process) => process !== victim);
      this.sleepers.forget(victim);
      for (const call of victim.calls) {
        if (call.effect.kind === 'write' && this.#isLeftBehind(call)) this.#leaveBehind(call);
      }
      victim.calls = [];
    }
    crashed?.();
  }

  #isLeftBehind(call: Call): boolean {
    return call.begun || (this.search ? this.search.leavesBehind(call) : this.decisions.chance(0.6));
  }

  #leaveBehind(call: Call): void {
    this.search?.writes('late writes');
    this.faults.counts['zombie-write'] += 1;
    call.notBeforeStep = heldUpUntil(this.steps, this.decisions, this.adversary);
    this.lateWrites.add(call);
  }

  #landZombie(): void {
    this.search?.writes('late writes');
    const call = this.lateWrites.draw(this.decisions, this.steps);
    const landing = landed(call.effect);
    if ('value' in landing) this.#note(call, landing.value, 'LATE ');
  }

  #timePasses(probability: number): boolean {
    return !this.sleepers.isEmpty && this.decisions.chance(probability);
  }

  /** Time passes until a sleeper's end, unless a write would by then be under way for longer than any can be. */
  #wakeOne(): boolean {
    if (this.sleepers.isEmpty) return false;
    const underWay = [...this.lateWrites.calls, ...this.processes.flatMap(({ calls }) => calls)];
    const boundMs = underWay.reduce((bound, call) => Math.min(bound, call.landsBeforeMs), Number.POSITIVE_INFINITY);
    this.search?.timePasses();
    const sleeper = this.sleepers.draw(this.decisions, this.steps, boundMs, this.adversary.timeInOrder);
    if (sleeper === undefined) return false;
    this.nowMs = Math.max(this.nowMs, sleeper.wakeAtMs);
    this.trace?.push(`${this.steps} ${sleeper.process.name}: wakes`);
    this.search?.acts(sleeper.process);
    sleeper.wake();
    return true;
  }

  #note(call: Call, value: unknown, prefix = ''): void {
    this.trace?.push(`${this.steps} ${call.process.name}: ${prefix}${showCall(call, value)}`);
  }
}
