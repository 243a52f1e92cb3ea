import { mappingHash } from '../../../functions/migration/mapping-hash.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { ControlTable } from '../../../functions/tables/control/control-table.ts';
import {
  type PromotedStep,
  type Promotion,
  readPromotion,
  writePromotion,
} from '../../../functions/tables/control/promotions.ts';
import type { Settings } from '../../../infra/settings.ts';
import { readEvidenceBundle } from './evidence-bundle.ts';
import { missingPromotion } from './missing-promotion.ts';

/** What a command was given to prove that the environment before has come through the same step. */
export interface PromotionOptions {
  /** Folder of an audit bundle. */
  readonly evidence?: string;
  /** Who answers for going on without. */
  readonly withoutEvidenceBy?: string;
}

/** Which command line asks, for the next step. */
const COMMAND: Readonly<Record<PromotedStep, string>> = {
  backfill: 'kpi-migrate backfill --execute',
  reads: 'kpi-migrate stage new … --execute',
};

/**
 * Lets a step pass if this is the first environment, if the step was promoted before with the same mapping, or if what was
 * given proves that the environment before has come through it. What was given is noted in the control table.
 *
 * @param by who runs the command.
 * @throws MigrationError `PROMOTION_MISSING`, `EVIDENCE_UNREADABLE`
 */
export async function requirePromotion(
  control: Pick<ControlTable, 'get' | 'put'>,
  settings: Pick<Settings, 'name' | 'promotion'>,
  step: PromotedStep,
  options: PromotionOptions,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Promise<void> {
  const { after: from, evidenceAgeMaxDays } = settings.promotion;
  if (from === null) return;
  const noted = { step, at: new Date(nowMs).toISOString(), by, mappingHash: mappingHash(), from };
  if (options.withoutEvidenceBy !== undefined) {
    await writePromotion(control, { ...noted, overriddenBy: options.withoutEvidenceBy });
    return;
  }
  if (options.evidence === undefined) {
    if (isFor(await readPromotion(control, step), noted)) return;
    throw missing(
      `${settings.name} comes after ${from}, and nothing proves that ${from} has come through this.`,
      noted,
    );
  }
  const evidence = await readEvidenceBundle(options.evidence);
  const demands = { step, from, mappingHash: noted.mappingHash, ageMaxDays: evidenceAgeMaxDays, nowMs };
  const lacking = missingPromotion(evidence, demands);
  if (lacking.length > 0) throw missing(`${options.evidence} does not prove it. ${lacking.join(' ')}`, noted);
  await writePromotion(control, { ...noted, bundleSha256: evidence.digest });
}

function isFor(before: Promotion | undefined, { from, mappingHash: hash }: Pick<Promotion, 'from' | 'mappingHash'>) {
  return before?.from === from && before.mappingHash === hash;
}

function missing(message: string, { from, step }: Pick<Promotion, 'from' | 'step'>): MigrationError {
  return new MigrationError('PROMOTION_MISSING', message, {
    nextStep: [
      `Write its bundle: kpi-migrate report --env ${from} --out DIR. Then: ${COMMAND[step]} --evidence DIR.`,
      'If you answer for going on without: --without-evidence-by NAME, which the audit shows.',
    ].join(' '),
  });
}
