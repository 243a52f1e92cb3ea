import * as z from 'zod';
import { MigrationError } from '../model/migration-error.ts';
import { READ_PATH_FLAG, readPathSchema } from './stages.ts';

/** What the flag says, as operators set it and as AppConfig serves it. */
export type ReadPath = z.infer<typeof readPathSchema>;

export const READS_OLD: ReadPath = { enabled: false };

/** The authoring form of a feature-flag profile (AppConfig User Guide, "Type reference for AWS.AppConfig.FeatureFlags"). */
const documentSchema = z.object({
  version: z.literal('1'),
  values: z.object({ [READ_PATH_FLAG]: z.object({ enabled: z.boolean() }).loose() }),
});

/**
 * Reads a version of the profile.
 *
 * @throws MigrationError FLAG_UNREADABLE
 */
export function parseFlagDocument(content: string): ReadPath {
  try {
    const { values } = documentSchema.parse(JSON.parse(content));
    const { enabled, ...attributes } = values[READ_PATH_FLAG];
    // While a flag is disabled its attributes are kept, and mean nothing. AppConfig adds its own, such as _updatedAt.
    const ours = Object.entries(attributes).filter(([name]) => !name.startsWith('_'));
    return readPathSchema.parse(enabled ? { enabled, ...Object.fromEntries(ours) } : { enabled });
  } catch (cause) {
    throw new MigrationError('FLAG_UNREADABLE', 'The content is no version of the read flag.', {
      cause,
      nextStep: 'Set the flag by: kpi-migrate stage',
    });
  }
}

/** A version of the profile, with the constraints that AppConfig itself holds. */
export function flagDocument(flag: ReadPath): string {
  return JSON.stringify({
    version: '1',
    flags: {
      [READ_PATH_FLAG]: {
        name: 'Which tables answer reads',
        attributes: {
          stage: { constraints: { type: 'string', enum: ['shadow', 'new'] } },
          percent: { constraints: { type: 'number', minimum: 0, maximum: 100 } },
          tenants: { constraints: { type: 'array', elements: { type: 'string' } } },
          lagBoundMs: { constraints: { type: 'number', minimum: 0 } },
        },
      },
    },
    values: { [READ_PATH_FLAG]: flag },
  });
}
