import * as z from 'zod';
import { own } from '../../../functions/model/own.ts';
import { attributeProblems, constraintsSchema } from './flag-constraints.ts';
import { type InvalidConfigurationDetail, invalidConfiguration } from './service-error.ts';

const ATTRIBUTES_MAX = 25;
const key = z.string().regex(/^[a-z][a-zA-Z\d_-]{0,63}$/);
const description = z.string().max(1024).optional();
const attributeValue = z.union([
  z.string().max(1024),
  z.number(),
  z.boolean(),
  z.array(z.string().max(1024)),
  z.array(z.number()),
]);

const flagDefinition = z.strictObject({
  name: z
    .string()
    .regex(/^[^\n]{1,64}$/)
    .optional(),
  description,
  _createdAt: z.string().optional(),
  _updatedAt: z.string().optional(),
  _deprecation: z.strictObject({ status: z.literal('planned').optional(), date: z.iso.date().optional() }).optional(),
  attributes: z
    .record(key, z.strictObject({ description, constraints: constraintsSchema.optional() }))
    .refine((attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX, `More than ${ATTRIBUTES_MAX} attributes`)
    .optional(),
});

const flagValue = z
  .object({ enabled: z.boolean(), _createdAt: z.string().optional(), _updatedAt: z.string().optional() })
  .catchall(attributeValue);

/** The authoring form (AppConfig User Guide, "Understanding the type reference for AWS.AppConfig.FeatureFlags"). */
const documentSchema = z.strictObject({
  version: z.literal('1'),
  flags: z.record(key, flagDefinition).default({}),
  values: z.record(key, flagValue).default({}),
});

export type FlagDocument = z.infer<typeof documentSchema>;

/**
 * Reads a version of a feature-flag profile, and holds its values to its own constraints.
 *
 * @throws ServiceError BadRequestException with every problem found.
 */
export function parseFlagContent(content: string): FlagDocument {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (cause) {
    throw refused([{ Reason: `The content is no JSON: ${String(cause)}`, Type: 'JSON_SCHEMA' }]);
  }
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) {
    throw refused(
      parsed.error.issues.map(({ path, message, code }) => ({
        Constraint: code,
        Location: path.join('.'),
        Reason: message,
        Type: 'JSON_SCHEMA',
      })),
    );
  }
  const problems = Object.entries(parsed.data.values).flatMap(([name, value]) =>
    valueProblems(parsed.data, name, value),
  );
  if (problems.length > 0) throw refused(problems);
  return parsed.data;
}

function valueProblems(
  { flags }: FlagDocument,
  name: string,
  value: z.infer<typeof flagValue>,
): InvalidConfigurationDetail[] {
  const Location = `values.${name}`;
  const definition = own(flags, name);
  if (definition === undefined) return [{ Constraint: 'flags', Location, Reason: `There is no flag ${name}` }];
  const attributes = definition.attributes ?? {};
  const unknown = Object.keys(attributesOf(value)).filter((attribute) => !Object.hasOwn(attributes, attribute));
  return [
    ...unknown.map((attribute) => ({
      Constraint: 'attributes',
      Location: `${Location}.${attribute}`,
      Reason: `Flag ${name} has no attribute ${attribute}`,
    })),
    ...Object.entries(attributes).flatMap(([attribute, { constraints }]) =>
      attributeProblems(constraints, own(value, attribute), `${Location}.${attribute}`),
    ),
  ];
}

function refused(details: readonly InvalidConfigurationDetail[]) {
  return invalidConfiguration('The configuration is no valid set of feature flags.', details);
}

/** Attributes of a flag's value: what is not AppConfig's own. */
function attributesOf(value: z.infer<typeof flagValue>): Record<string, unknown> {
  const { enabled: _enabled, _createdAt, _updatedAt, ...attributes } = value;
  return attributes;
}

/** The same with the instants that AppConfig adds, as ISO 8601; what is unchanged since `previous` keeps its own. */
export function stampFlagContent(document: FlagDocument, previous: FlagDocument | undefined, at: string): FlagDocument {
  return {
    ...document,
    flags: stampAll(document.flags, previous?.flags, at),
    values: stampAll(document.values, previous?.values, at),
  };
}

interface Stamped {
  _createdAt?: string | undefined;
  _updatedAt?: string | undefined;
}

function stampAll<T extends Stamped>(
  entries: Readonly<Record<string, T>>,
  previous: Readonly<Record<string, T>> | undefined,
  at: string,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => {
      const before = own(previous, name);
      const createdAt = before?._createdAt ?? at;
      const isSame = before !== undefined && contentOf(before) === contentOf(entry);
      return [name, { ...entry, _createdAt: createdAt, _updatedAt: isSame ? (before._updatedAt ?? at) : at }];
    }),
  );
}

function contentOf({ _createdAt, _updatedAt, ...content }: Stamped): string {
  return JSON.stringify(content);
}

/** What GetLatestConfiguration answers: each flag with `enabled`, and with its attributes only while it is enabled. */
export function evaluateFlags({ values }: FlagDocument): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value.enabled ? { enabled: true, ...attributesOf(value) } : { enabled: false },
    ]),
  );
}
