import type { Adversary } from './adversary.ts';
import { type Decisions, oneOf } from './decisions.ts';
import { type Call, FAULTS, type Fault, type Process } from './process.ts';

export type Counts = Record<
  Fault | 'crash' | 'abandoned' | 'zombie-write' | 'redelivery' | 'out-of-time' | 'refused' | 'contended',
  number
>;

const OUT_OF_TIME_MAX = 4;

/** Draws what goes wrong, within the adversary's bounds, and counts it. */
export class Faults {
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
    refused: 0,
    contended: 0,
  };
  readonly decisions: Decisions;
  readonly adversary: Adversary;
  #quiet = false;

  constructor(decisions: Decisions, adversary: Adversary) {
    this.decisions = decisions;
    this.adversary = adversary;
  }

  /** Without faults from now on: what is under way is finished as it is. */
  quiet(): void {
    this.#quiet = true;
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

  /** How the call goes wrong; undefined where it does not. */
  draw(call: Call): Fault | undefined {
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

  /** The process that crashes now, if one does. */
  drawVictim(processes: readonly Process[]): Process | undefined {
    const { adversary, counts, decisions } = this;
    if (this.#quiet || adversary.crash === 0 || counts.crash + counts.abandoned >= adversary.crashesMax)
      return undefined;
    const victims = processes.filter((process) => process.crashed);
    if (victims.length === 0 || !decisions.chance(adversary.crash)) return undefined;
    // What a crash can do harm to is mostly what was being written.
    const writers = victims.filter(({ calls }) => calls.some(({ effect }) => effect.kind === 'write'));
    return oneOf(decisions, writers.length > 0 && decisions.chance(0.5) ? writers : victims);
  }
}
