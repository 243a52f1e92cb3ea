import * as z from 'zod';
import { MigrationError } from '../functions/model/migration-error.ts';
import { didYouMean } from './did-you-mean.ts';

/** What has to be proved before an environment does what another one has to do first. */
export const promotionSettings = z.strictObject({
  /**
   * The environment whose audit bundle `backfill --execute` and `stage new --execute` ask for; null for none. Where absent:
   * staging for production, dev for staging, as far as cdk.json has them.
   */
  after: z.string().nullable().optional().meta({ description: 'the name of another environment, or null for none' }),
  evidenceAgeMaxDays: z.number().int().positive().max(365).default(30),
});

export interface Promotion {
  /** The environment before; null for none. */
  readonly after: string | null;
  readonly evidenceAgeMaxDays: number;
}

const BEFORE: Readonly<Record<string, string>> = { production: 'staging', staging: 'dev' };

/**
 * @param known the environments of cdk.json.
 * @throws MigrationError SETTINGS_INVALID if the settings name one that cannot be before this.
 */
export function promotionOf(
  name: string,
  given: z.infer<typeof promotionSettings>,
  known: readonly string[],
): Promotion {
  const { after = BEFORE[name] ?? null, evidenceAgeMaxDays } = given;
  const isThere = after === null || (after !== name && known.includes(after));
  if (given.after !== undefined && !isThere) {
    const others = known.filter((each) => each !== name);
    const what = `Environment ${name} in cdk.json: promotion.after names ${after}, which is no other environment.`;
    throw new MigrationError('SETTINGS_INVALID', `${what}${didYouMean(after, others)}`, {
      nextStep: `Name another environment of cdk.json in migration.environments.${name}.promotion.after, or null.`,
    });
  }
  return { after: isThere ? after : null, evidenceAgeMaxDays };
}
