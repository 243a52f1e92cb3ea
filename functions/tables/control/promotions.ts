import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

const PARTITION = 'promotion';

/** The steps of an environment that ask for the evidence of the one before. */
export const PROMOTED_STEPS = ['backfill', 'reads'] as const;
export type PromotedStep = (typeof PROMOTED_STEPS)[number];

const promotion = z.object({
  step: z.enum(PROMOTED_STEPS),
  at: z.iso.datetime(),
  /** Who ran the command that promoted. */
  by: z.string(),
  mappingHash: z.string(),
  /** The environment before. */
  from: z.string(),
  /** SHA-256 of the index of its audit bundle, which has the digest of every file; absent where it was overridden. */
  bundleSha256: z.string().optional(),
  /** Who answers for going on without its evidence. */
  overriddenBy: z.string().optional(),
});

/** That a step was allowed here, because the environment before had come through it: or because somebody answers for it. */
export type Promotion = z.infer<typeof promotion>;

export async function readPromotion(
  control: Pick<ControlTable, 'get'>,
  step: PromotedStep,
): Promise<Promotion | undefined> {
  const stored = await control.get(PARTITION, step);
  return stored === undefined ? undefined : promotion.parse(stored);
}

/** Replaces the one before of the same step. */
export async function writePromotion(control: Pick<ControlTable, 'put'>, value: Promotion): Promise<void> {
  await control.put(PARTITION, value.step, value);
}
