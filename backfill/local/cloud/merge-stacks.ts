import * as z from 'zod';
import { MigrationError } from '../../../functions/model/migration-error.ts';

/** A resource of a CloudFormation template. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>> | undefined;
  readonly Metadata?: Readonly<Record<string, unknown>> | undefined;
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      Metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.unknown() }).optional() }))
    .default({}),
});

/**
 * The resources of all stacks of an app as if they were in one: what a stack imports of another is put in its place.
 *
 * @throws MigrationError TEMPLATE_UNREADABLE if two stacks use one logical id, or one imports what no stack exports.
 */
export function mergeStacks(templates: readonly unknown[]): Readonly<Record<string, TemplateResource>> {
  const parsed = templates.map((template) => {
    const result = templateSchema.safeParse(template);
    if (!result.success) throw unreadableTemplate(z.prettifyError(result.error));
    return result.data;
  });
  const exported = new Map(
    parsed
      .flatMap(({ Outputs }) => Object.values(Outputs))
      .flatMap(({ Value, Export }) => (typeof Export?.Name === 'string' ? [[Export.Name, Value] as const] : [])),
  );
  const resources = parsed.flatMap(({ Resources }) => Object.entries(Resources));
  const merged = Object.fromEntries(resources);
  if (Object.keys(merged).length < resources.length) throw unreadableTemplate('Two stacks use the same logical id.');
  return withoutImports(merged, exported) as Record<string, TemplateResource>;
}

function withoutImports(node: unknown, exported: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((each) => withoutImports(each, exported));
  if (typeof node !== 'object' || node === null) return node;
  if ('Fn::ImportValue' in node) {
    const name = node['Fn::ImportValue'];
    if (typeof name !== 'string' || !exported.has(name)) {
      throw unreadableTemplate(`No stack exports ${JSON.stringify(name)}.`);
    }
    return exported.get(name);
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withoutImports(value, exported)]));
}

export function unreadableTemplate(problems: string): MigrationError {
  return new MigrationError('TEMPLATE_UNREADABLE', `The local cloud cannot run the synthesised stacks:\n${problems}`, {
    nextStep: 'Use only what backfill/local/README.md lists, or add support for the rest in template.ts.',
  });
}

/** @throws MigrationError TEMPLATE_UNREADABLE where the properties of a resource are not as the local cloud knows them. */
export function parse<T>(id: string, schema: z.ZodType<T>, properties: unknown): T {
  const parsed = schema.safeParse(properties);
  if (!parsed.success) throw unreadableTemplate(`${id}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
