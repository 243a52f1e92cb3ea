import { type FlagContent, READS_OLD } from '../flag/document.ts';
import { readsAnyNew, widening } from '../flag/widening.ts';
import { MigrationError } from '../model/migration-error.ts';
import { type Evidence, type GateLimits, missingEvidence, type Refusal } from './missing-evidence.ts';

/** What the gate reaches outside itself. */
export interface Gate {
  /** The flag that is deployed now; undefined where it cannot be read. */
  readonly deployedFlag: () => Promise<FlagContent | undefined>;
  readonly evidence: () => Promise<Evidence>;
  readonly limits: GateLimits;
  readonly nowMs: () => number;
}

/** Reads may not move. */
export class GateRefusedError extends MigrationError {
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[], cause?: unknown) {
    const said = refusals.map(({ code, message, nextStep }) => `${code}: ${message} Next: ${nextStep}`);
    super('GATE_REFUSED', `Reads may not move to the new tables. ${said.join(' ')}`, {
      cause,
      ...(refusals[0] && { nextStep: refusals[0].nextStep }),
    });
    this.refusals = refusals;
  }
}

/**
 * Lets a flag pass, or says why not. What widens nothing passes always, and what lets nobody read the new side passes
 * without a look at anything, so that a fallback works when all else is down. What widens passes only on evidence that
 * could be read.
 *
 * @throws GateRefusedError
 */
export async function passGate(gate: Gate, next: FlagContent): Promise<void> {
  if (!readsAnyNew(next)) return;
  // Where it cannot be told what is deployed, all that reads the new side counts as widening.
  const current = (await gate.deployedFlag().catch(() => undefined)) ?? READS_OLD;
  if (widening(current, next).length === 0) return;
  const evidence = await gate.evidence().catch((cause: unknown) => {
    const message = `The evidence cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new GateRefusedError([{ code: 'EVIDENCE_UNREADABLE', message, nextStep: 'kpi-migrate status' }], cause);
  });
  const refusals = missingEvidence(evidence, gate.limits, gate.nowMs());
  if (refusals.length > 0) throw new GateRefusedError(refusals);
}
