import * as z from 'zod';
import type { InvalidConfigurationDetail } from './service-error.ts';

const required = z.boolean().optional();
const stringConstraints = z
  .strictObject({
    type: z.literal('string'),
    required,
    pattern: z.string().max(1024).optional(),
    enum: z
      .array(z.union([z.string().max(1024), z.int()]))
      .max(100)
      .optional(),
  })
  .refine(({ pattern, enum: values }) => pattern === undefined || values === undefined, 'Either pattern or enum');
const numberConstraints = z.strictObject({
  type: z.literal('number'),
  required,
  minimum: z.int().optional(),
  maximum: z.int().optional(),
});

/** Constraints of an attribute (AppConfig User Guide, "Understanding the type reference for AWS.AppConfig.FeatureFlags"). */
export const constraintsSchema = z.union([
  stringConstraints,
  numberConstraints,
  z.strictObject({ type: z.literal('boolean'), required }),
  z.strictObject({
    type: z.literal('array'),
    required,
    elements: z.union([stringConstraints, numberConstraints]).optional(),
  }),
]);

type Constraints = z.infer<typeof constraintsSchema>;

/** What of its constraints a value breaks; a value that is absent breaks only `required`. */
export function attributeProblems(
  constraints: Constraints | undefined,
  value: unknown,
  location: string,
): InvalidConfigurationDetail[] {
  const problem = (Constraint: string, Reason: string): InvalidConfigurationDetail => ({
    Constraint,
    Location: location,
    Reason,
    Type: 'CONSTRAINT',
    ...(value !== undefined && { Value: JSON.stringify(value) }),
  });
  if (constraints === undefined) return [];
  if (value === undefined) return constraints.required ? [problem('required', 'The attribute has no value')] : [];
  const type = Array.isArray(value) ? 'array' : typeof value;
  if (type !== constraints.type) return [problem('type', `The value is a ${type}, not a ${constraints.type}`)];
  switch (constraints.type) {
    case 'boolean':
      return [];
    case 'number': {
      const { minimum, maximum } = constraints;
      const isBelow = minimum !== undefined && Number(value) < minimum;
      const isAbove = maximum !== undefined && Number(value) > maximum;
      return [
        ...(isBelow ? [problem('minimum', `The value is below ${minimum}`)] : []),
        ...(isAbove ? [problem('maximum', `The value is above ${maximum}`)] : []),
      ];
    }
    case 'string': {
      const { pattern, enum: values } = constraints;
      if (pattern !== undefined && !new RegExp(pattern).test(String(value))) {
        return [problem('pattern', `The value does not match ${pattern}`)];
      }
      const isListed = values === undefined || values.some((each) => each === value);
      return isListed ? [] : [problem('enum', `The value is none of ${JSON.stringify(values)}`)];
    }
    case 'array': {
      const elements: unknown[] = Array.isArray(value) ? value : [];
      return elements.flatMap((element, index) =>
        attributeProblems(constraints.elements, element, `${location}.${index}`),
      );
    }
  }
}
