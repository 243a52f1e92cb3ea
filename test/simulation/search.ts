import type { Tracker } from './footprint.ts';
import type { Call, Process } from './process.ts';
import type { Unit } from './turns.ts';

/** What an exhaustive search has to say in a schedule, beside its decisions: who goes next, and who crashes. */
export interface Search extends Tracker {
  /** Who goes next of those who can; undefined ends the schedule. */
  turn(units: readonly Unit[]): Unit | undefined;
  /** Nobody could go on, and a sleeper wakes. */
  timePasses(): void;
  /** A process begins, or one of its calls takes effect. */
  acts(process: Process): void;
  /** Whether the caller crashes before it is answered. */
  crashesAfter(call: Call): boolean;
  /** Who crashes before anybody goes on. */
  victim(): Process | undefined;
  /** Whether a write that was under way at the crash lands later; else it is lost. */
  leavesBehind(call: Call): boolean;
}
