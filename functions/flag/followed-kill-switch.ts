import { type Clock, withDeadline } from '../runtime/clock.ts';
import type { Report } from './client.ts';
import type { OldReason } from './stages.ts';

/** Asks whether the kill switch is set: a strongly consistent read of the control table. */
export type ReadKillSwitch = () => Promise<boolean>;

const CALL_DEADLINE_MS = 5_000;

/**
 * The kill switch as a reader last saw it. It is the way back to the old tables that does not need AppConfig. A reader
 * that cannot see it cannot be told to go back, so after a set time such a reader goes back by itself.
 */
export class FollowedKillSwitch {
  readonly #read: ReadKillSwitch;
  readonly #staleAfterMs: number;
  readonly #clock: Clock;
  readonly #report: Report;
  #isSet = false;
  #confirmedAtMs: number | undefined;

  constructor(read: ReadKillSwitch, staleAfterMs: number, clock: Clock, report: Report) {
    this.#read = read;
    this.#staleAfterMs = staleAfterMs;
    this.#clock = clock;
    this.#report = report;
  }

  /** Reads it once more. Never fails: what cannot be read is reported, and counts as not seen. */
  async poll(): Promise<void> {
    const outcome = await withDeadline(this.#clock, CALL_DEADLINE_MS, () => this.#read());
    if (outcome.kind === 'value') {
      this.#isSet = outcome.value;
      this.#confirmedAtMs = this.#clock.nowMs();
    } else if (outcome.kind !== 'suspended') {
      const error = outcome.kind === 'error' ? outcome.error : outcome.kind;
      this.#report({ what: 'Reading the kill switch failed; what was last read stays', error });
    }
  }

  /** Why the old tables answer, as far as the switch is concerned; undefined where the flag decides. */
  reason(): OldReason | undefined {
    if (this.#isSet) return 'kill-switch';
    if (this.#confirmedAtMs === undefined) return 'kill-switch-not-read';
    const isStale = this.#clock.nowMs() > this.#confirmedAtMs + this.#staleAfterMs;
    return isStale ? 'kill-switch-stale' : undefined;
  }
}
