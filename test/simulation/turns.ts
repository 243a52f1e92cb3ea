import type { Adversary } from './adversary.ts';
import { type Decisions, oneOf } from './decisions.ts';
import type { LateWrites } from './late-writes.ts';
import type { Process } from './process.ts';

/** What can begin something new: a writer its next write, a stream its next delivery, an operator a run. */
export interface Actor {
  readonly name: string;
  /** See `Turns.drawPace`. */
  readonly pace: number;
  /** `idle`: nobody else can act, so that there is nothing to wait for. */
  ready(idle: boolean): boolean;
  begin(): void;
}

/** Who can go next: an actor, a process with a call that waits, or a write that a dead process left behind. */
export type Unit = Actor | Process | 'zombie';

/** How often another is looked for where the one chosen is slow. */
const CHOICES_MAX = 4;

/** Draws who goes next. */
export class Turns {
  readonly decisions: Decisions;
  readonly adversary: Adversary;
  #last: Process | Actor | undefined;

  constructor(decisions: Decisions, adversary: Adversary) {
    this.decisions = decisions;
    this.adversary = adversary;
  }

  /** How readily something is chosen: mostly at once, or slow for as long as it lives. */
  drawPace(): number {
    const { adversary, decisions } = this;
    return decisions.chance(adversary.slow) ? oneOf(decisions, [0.3, 0.05]) : 1;
  }

  /** The one who goes next. `units` is not empty. */
  pick(units: readonly Unit[]): Unit {
    const last = this.#last;
    if (last && units.includes(last) && this.decisions.chance(this.adversary.stickiness)) return last;
    let unit = units[this.decisions.choose(units.length)] as Unit;
    for (let choice = 1; choice < CHOICES_MAX && unit !== 'zombie'; choice += 1) {
      if (unit.pace === 1 || this.decisions.chance(unit.pace)) break;
      unit = units[this.decisions.choose(units.length)] as Unit;
    }
    if (unit !== 'zombie') this.#last = unit;
    return unit;
  }
}

/** Those that can go on now. */
export function unitsReady(
  processes: readonly Process[],
  actors: readonly Actor[],
  lateWrites: LateWrites,
  step: number,
): Unit[] {
  const units: Unit[] = [];
  for (const process of processes) {
    if (process.calls.length === 0) continue;
    const halted = process.haltedUntilStep > step;
    if (!halted && process.calls.some((call) => call.notBeforeStep <= step)) units.push(process);
  }
  for (const actor of actors) if (actor.ready(false)) units.push(actor);
  if (lateWrites.isOneRipe(step)) units.push('zombie');
  return units;
}

/** Those that go on before their time where nobody else can. */
export function unitsHeldUp(processes: readonly Process[], actors: readonly Actor[], lateWrites: LateWrites): Unit[] {
  const units = [...processes.filter(({ calls }) => calls.length > 0), ...actors.filter((actor) => actor.ready(true))];
  return lateWrites.isEmpty ? units : [...units, 'zombie'];
}

/** Steps for which a call, a dead process's write or a halted process may be held up, at most: one of these. For ever is until nobody else can act. */
const HOLD_UP_STEPS_MAX = [10, 60, 400, Number.POSITIVE_INFINITY] as const;

/** The step until which something is held up that might go on now. */
export function heldUpUntil(step: number, decisions: Decisions, { holdUps }: Adversary): number {
  if (!holdUps) return 0;
  const stepsMax = oneOf(decisions, HOLD_UP_STEPS_MAX);
  return Number.isFinite(stepsMax) ? step + decisions.choose(stepsMax) : stepsMax;
}
