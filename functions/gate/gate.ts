import { type FlagContent, READS_OLD } from '../flag/document.ts';
import { readsAnyNew, widening } from '../flag/widening.ts';
import { MigrationError, messageOf } from '../model/migration-error.ts';
import {
  type Blocker,
  describeBlocker,
  type GateEvidence,
  type GateLimits,
  missingEvidence,
} from './missing-evidence.ts';

/** What the gate decides on. */
export interface GateInputs {
  /** The flag that is deployed now; undefined if it cannot be understood. */
  readonly deployedFlag: () => Promise<FlagContent | undefined>;
  readonly evidence: () => Promise<GateEvidence>;
  readonly limits: GateLimits;
  readonly nowMs: () => number;
}

/** Reads must not move. */
export class GateRefusedError extends MigrationError {
  readonly blockers: readonly Blocker[];

  constructor(blockers: readonly Blocker[], cause?: unknown) {
    super('GATE_REFUSED', `Reads may not move to the new tables. ${blockers.map(describeBlocker).join(' ')}`, {
      cause,
      ...(blockers[0] && { nextStep: blockers[0].nextStep }),
    });
    this.blockers = blockers;
  }
}

/**
 * Lets a flag pass, or says why not. A flag under which nobody reads the new tables passes before anything else is
 * looked at, so a fallback works while everything else is down. A flag that widens reads passes only on evidence that
 * could be read.
 *
 * @throws GateRefusedError
 */
export async function passGate(inputs: GateInputs, next: FlagContent): Promise<void> {
  if (!readsAnyNew(next)) return;
  // If nobody can say what is deployed, any read of the new tables counts as widening.
  const current = (await inputs.deployedFlag().catch(() => undefined)) ?? READS_OLD;
  if (widening(current, next).length === 0) return;
  const evidence = await inputs.evidence().catch((cause: unknown) => {
    const message = `The evidence cannot be read: ${messageOf(cause)}.`;
    throw new GateRefusedError([{ code: 'EVIDENCE_UNREADABLE', message, nextStep: 'kpi-migrate status' }], cause);
  });
  const blockers = missingEvidence(evidence, inputs.limits, inputs.nowMs());
  if (blockers.length > 0) throw new GateRefusedError(blockers);
}
