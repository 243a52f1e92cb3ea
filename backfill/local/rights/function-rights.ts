import * as z from 'zod';
import { parse, type TemplateResource, unreadableTemplate } from '../cloud/merge-stacks.ts';

/** What a function may do to the tables: `action table`, the table with its index if it is about one; `*` and `?` as in IAM. */
export type Rights = readonly string[];

type Resources = Readonly<Record<string, TemplateResource>>;

const oneOrMore = <T>(schema: z.ZodType<T>) => z.union([z.array(schema), schema.transform((one) => [one])]);
const roleOf = z.looseObject({ Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }) });
const statement = z.looseObject({
  Effect: z.string(),
  Action: oneOrMore(z.string()).optional(),
  Resource: oneOrMore(z.unknown()).optional(),
});
const document = z.object({ Statement: z.array(statement) });
const policy = z.object({ PolicyDocument: document, Roles: z.array(z.object({ Ref: z.string() })).default([]) });
const role = z.looseObject({ Policies: z.array(z.object({ PolicyDocument: document })).default([]) });

const DYNAMODB = 'dynamodb:';
const TABLE_ARN = /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\//;

/**
 * The rights of the stacks' functions on tables, by the function's logical id: those of the policies of its role. Rights on streams,
 * and on anything else, are passed over.
 *
 * @throws MigrationError TEMPLATE_UNREADABLE where a statement on DynamoDB denies, or holds on a condition only.
 */
export function functionRights(all: Resources): ReadonlyMap<string, Rights> {
  const entries = Object.entries(all);
  const ofType = (type: string) => entries.filter(([, resource]) => resource.Type === type);
  const byRole = new Map<string, string[]>();
  const give = (id: string, roleId: string, statements: readonly z.infer<typeof statement>[]): void => {
    byRole.set(roleId, [...(byRole.get(roleId) ?? []), ...statements.flatMap((each) => rightsIn(all, id, each))]);
  };
  for (const [id, { Properties }] of ofType('AWS::IAM::Policy')) {
    const { PolicyDocument, Roles } = parse(id, policy, Properties);
    for (const { Ref } of Roles) give(id, Ref, PolicyDocument.Statement);
  }
  for (const [id, { Properties }] of ofType('AWS::IAM::Role')) {
    for (const { PolicyDocument } of parse(id, role, Properties).Policies) give(id, id, PolicyDocument.Statement);
  }
  return new Map(
    ofType('AWS::Lambda::Function').map(([id, { Properties }]) => {
      return [id, byRole.get(parse(id, roleOf, Properties).Role['Fn::GetAtt'][0]) ?? []];
    }),
  );
}

/** Whether a function with these rights may do so, to a table or `table/index/name`. */
export function isAllowed(rights: Rights, action: string, table: string): boolean {
  return rights.some((right) => glob(right).test(`${action} ${table}`));
}

function rightsIn(all: Resources, id: string, given: z.infer<typeof statement>): string[] {
  const { Effect, Action = [], Resource = [], ...more } = given;
  const actions = Action.filter((action) => action === '*' || action.startsWith(DYNAMODB));
  const isAboutTables = actions.length > 0 || 'NotAction' in more;
  if (!isAboutTables) return [];
  const unknown = Object.keys(more).filter((key) => key !== 'Sid');
  if (Effect !== 'Allow' || unknown.length > 0) {
    throw unreadableTemplate(`${id}: a statement on DynamoDB that has ${[Effect, ...unknown].join(', ')}.`);
  }
  const tables = Resource.flatMap((resource) => tableOf(all, resource) ?? []);
  return actions.flatMap((action) => tables.map((table) => `${action.replace(DYNAMODB, '')} ${table}`));
}

/** The table that an ARN is of, with its index; undefined for a stream, and for what is not DynamoDB's. */
function tableOf(all: Resources, resource: unknown): string | undefined {
  if (resource === '*') return '*';
  if (typeof resource === 'string') {
    return TABLE_ARN.test(resource) ? resource.replace(TABLE_ARN, '') : undefined;
  }
  const [id = '', attribute] = (resource as { 'Fn::GetAtt'?: [string, string] })['Fn::GetAtt'] ?? [];
  const name = all[id]?.Properties?.TableName;
  return attribute === 'Arn' && typeof name === 'string' ? name : undefined;
}

/** IAM's wildcards as a regular expression: `*` is any text, `?` any character. */
export function glob(pattern: string, flags = 's'): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, flags);
}
