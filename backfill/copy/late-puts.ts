import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import { readLatePuts, writeLatePuts } from '../../functions/tables/control/documents.ts';
import { type MemberTerm, membersLandUntilMs } from '../lease/group-lease.ts';
import type { Lease, LeaseOptions } from '../lease/lease.ts';
import type { Progress } from '../progress.ts';
import { pauseUnlessStopped } from './copier.ts';

export interface LatePutsOptions extends Pick<LeaseOptions, 'nowMs' | 'sleep' | 'stop'> {
  readonly progress: Pick<Progress, 'note'>;
  /** How long after it was last asked whether it may leave a put can still take effect. */
  readonly putLandsWithinMs: number;
}

/**
 * Puts that were sent and not answered, of this process and of those before it. Each can take effect until it is too old for DynamoDB to
 * take it. The sweep has to come after that.
 */
export class LatePuts {
  readonly #options: LatePutsOptions;
  #landUntilMs: number;

  private constructor(options: LatePutsOptions, landUntilMs: number) {
    this.#options = options;
    this.#landUntilMs = landUntilMs;
  }

  /**
   * What processes before this one have left. What the last holder of the lease may have left is known by its lease, and after that by this process's:
   * so it need not be stored before this process gives its own lease up.
   */
  static async open(
    control: ControlTable,
    lease: Pick<Lease, 'abandonedUntilMs'>,
    options: LatePutsOptions,
  ): Promise<LatePuts> {
    const stored = (await readLatePuts(control))?.landUntilMs ?? 0;
    return new LatePuts(options, Math.max(stored, abandonedLandUntilMs(lease, options)));
  }

  /** What the member of a group that had the same work before has left. Each member's lease says what it leaves, so that nothing else is stored. */
  static ofMember(lease: Pick<Lease, 'abandonedUntilMs'>, options: LatePutsOptions): LatePuts {
    return new LatePuts(options, abandonedLandUntilMs(lease, options));
  }

  /** Until when puts may have been sent that were not answered, for a member to give its lease up with; 0 where none can take effect any more. */
  get unansweredUntilMs(): number {
    return this.#leftMs() === 0 ? 0 : this.#landUntilMs - this.#options.putLandsWithinMs;
  }

  /** A put of this process was sent, and not answered. */
  note(): void {
    this.#landUntilMs = Math.max(this.#landUntilMs, this.#options.nowMs() + this.#options.putLandsWithinMs);
  }

  /**
   * Waits until none of them can take effect any more, or until the command is to stop.
   *
   * @param members the leases of those that copied in a group.
   */
  async outlast(members: readonly MemberTerm[]): Promise<void> {
    const { progress, stop, putLandsWithinMs } = this.#options;
    this.#landUntilMs = Math.max(this.#landUntilMs, membersLandUntilMs(members, putLandsWithinMs));
    const waitMs = this.#leftMs();
    if (waitMs === 0 || stop.aborted) return;
    progress.note(`Waiting ${Math.ceil(waitMs / 1_000)} s: writes that nobody saw answered may still land.`);
    await pauseUnlessStopped(this.#options, waitMs);
  }

  /** Has the next process wait for the puts of this one. */
  async store(control: ControlTable): Promise<void> {
    if (this.#leftMs() > 0) await writeLatePuts(control, { landUntilMs: this.#landUntilMs });
  }

  #leftMs(): number {
    return Math.max(0, this.#landUntilMs - this.#options.nowMs());
  }
}

/** Until when puts of the holder before may take effect, if it did not give its lease up in order. */
function abandonedLandUntilMs({ abandonedUntilMs }: Pick<Lease, 'abandonedUntilMs'>, options: LatePutsOptions): number {
  return abandonedUntilMs === undefined ? 0 : abandonedUntilMs + options.putLandsWithinMs;
}
