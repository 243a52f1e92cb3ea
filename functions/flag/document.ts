import * as z from 'zod';
import { MigrationError } from '../model/migration-error.ts';
import { FLAG_KEY, flagSchema } from './stages.ts';

/** What a version of the flag says. */
export type FlagContent = z.infer<typeof flagSchema>;

export const READS_OLD: FlagContent = { enabled: false };

const valuesSchema = z.object({ [FLAG_KEY]: z.object({ enabled: z.boolean() }).loose() });

/**
 * A version as it is written, or as it is retrieved: the values alone (AppConfig User Guide, "Type reference for
 * AWS.AppConfig.FeatureFlags"). Which of the two a validator is given, no document says.
 */
const documentSchema = z.union([
  z.object({ version: z.literal('1'), values: valuesSchema }).transform(({ values }) => values),
  valuesSchema,
]);

/**
 * Parses a version.
 *
 * @throws MigrationError FLAG_UNREADABLE
 */
export function parseFlagDocument(content: string): FlagContent {
  try {
    const { enabled, ...attributes } = documentSchema.parse(JSON.parse(content))[FLAG_KEY];
    // AppConfig adds attributes of its own, such as _updatedAt, and keeps those of a disabled flag.
    const ours = Object.entries(attributes).filter(([name]) => !name.startsWith('_'));
    return flagSchema.parse(enabled ? { enabled, ...Object.fromEntries(ours) } : { enabled });
  } catch (cause) {
    throw new MigrationError('FLAG_UNREADABLE', 'The content is not a version of the read flag.', {
      cause,
      nextStep: 'Set the flag with: kpi-migrate stage',
    });
  }
}

/** A version as AppConfig stores it, with the constraints that AppConfig itself enforces. */
export function flagDocument(flag: FlagContent): string {
  return JSON.stringify({
    version: '1',
    flags: {
      [FLAG_KEY]: {
        name: 'Which tables answer reads',
        attributes: {
          stage: { constraints: { type: 'string', enum: ['shadow', 'new'] } },
          percent: { constraints: { type: 'number', minimum: 0, maximum: 100 } },
          tenants: { constraints: { type: 'array', elements: { type: 'string' } } },
          lagBoundMs: { constraints: { type: 'number', minimum: 0 } },
        },
      },
    },
    values: { [FLAG_KEY]: flag },
  });
}
