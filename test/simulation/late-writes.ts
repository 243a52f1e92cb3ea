import { type Decisions, oneOf } from './decisions.ts';
import type { Call } from './process.ts';

/** Writes that were sent, and whose caller is dead or was told otherwise: each lands some time. */
export class LateWrites {
  calls: readonly Call[] = [];

  get isEmpty(): boolean {
    return this.calls.length === 0;
  }

  add(call: Call): void {
    this.calls = [...this.calls, call];
  }

  /** Whether one may land at this step. */
  isOneRipe(step: number): boolean {
    return this.calls.some((call) => call.notBeforeStep <= step);
  }

  /** Takes one out; there is one. */
  draw(decisions: Decisions, step: number): Call {
    const ripe = this.calls.filter((call) => call.notBeforeStep <= step);
    const drawn = oneOf(decisions, ripe.length > 0 ? ripe : this.calls);
    const at = this.calls.indexOf(drawn);
    this.calls = this.calls.filter((_, other) => other !== at);
    return drawn;
  }
}
