import { glob } from '../../backfill/local/rights/function-rights.ts';
import type { Resources } from './synthesis.ts';

/** A statement that allows something, with references made readable: `<LogicalId.Attribute>`. */
export interface Allowed {
  /** Path of logical id and property under which the statement stands. */
  readonly where: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `NotAction` or `NotResource`: allows all but what it names, so more than can be listed. */
  readonly inverted: boolean;
}

/** Every allowing statement of the template, wherever it stands: policies, inline policies of roles, policies of resources. */
export function allowedBy(resources: Resources): Allowed[] {
  return Object.entries(resources).flatMap(([id, resource]) => statementsIn(resources, id, resource));
}

function statementsIn(resources: Resources, where: string, node: unknown): Allowed[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('Effect' in node && node.Effect !== 'Deny') return [statement(resources, where, node)];
  return Object.entries(node).flatMap(([key, value]) => statementsIn(resources, `${where}/${key}`, value));
}

function statement(resources: Resources, where: string, node: object): Allowed {
  const listOf = (key: string): string[] => {
    const value: unknown = key in node ? node[key as keyof typeof node] : [];
    return (Array.isArray(value) ? value : [value]).map((each) => readable(resources, each));
  };
  const inverted = 'NotAction' in node || 'NotResource' in node;
  return { where, actions: listOf('Action'), resources: listOf('Resource'), inverted };
}

/** A value of the template as one text. A table's ARN, or its stream's, is spelled out where the template says whose it is. */
function readable(resources: Resources, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return value.Ref === 'AWS::Partition' ? 'aws' : `<${value.Ref}>`;
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map((part) => readable(resources, part)).join(separator);
  }
  if ('Fn::GetAtt' in value) {
    const [id, attribute] = value['Fn::GetAtt'] as [string, string];
    const table = resources[id]?.Properties?.TableName;
    if (typeof table === 'string')
      return `arn:aws:dynamodb:*:*:table/${table}${attribute === 'StreamArn' ? '/stream/0' : ''}`;
    return `<${id}.${attribute}>`;
  }
  // Anything else could be any ARN.
  return '*';
}

/** What may be done to a table that is not ours. UpdateTable, which turns a stream on, is for one function alone. */
const READING = [
  'BatchGetItem',
  'DescribeBackup',
  'DescribeStream',
  'DescribeTable',
  'GetItem',
  'GetRecords',
  'GetShardIterator',
  'ListBackups',
  'ListStreams',
  'ListTables',
  'Query',
  'Scan',
].map((action) => `dynamodb:${action}`);
const OF_ANOTHER_SERVICE = /^(?!dynamodb:)[a-z0-9-]+:/i;
/** What is allowed beside reading, and to whom alone. A backup changes nothing of its table. */
const EXCEPTIONS = [
  { where: /^OldTablesEnsureStream/, action: 'dynamodb:UpdateTable' },
  { where: /^OperatorsOperate/, action: 'dynamodb:CreateBackup' },
];

/** Statements that allow anything but reading on one of the tables, and what they allow. */
export function otherThanReading(resources: Resources, tableNames: readonly string[]): string[] {
  return allowedBy(resources)
    .filter(
      (each) => each.inverted || each.resources.some((pattern) => tableNames.some((name) => covers(pattern, name))),
    )
    .flatMap(({ where, actions, inverted }) => {
      if (inverted) return [`${where}: all but what it names`];
      return actions
        .filter((action) => !OF_ANOTHER_SERVICE.test(action) && !READING.includes(action))
        .filter((action) => !EXCEPTIONS.some((each) => action === each.action && each.where.test(where)))
        .map((action) => `${where}: ${action}`);
    });
}

/** Whether the ARN pattern covers the table, one of its indexes or its streams. */
function covers(pattern: string, tableName: string): boolean {
  const arn = `arn:aws:dynamodb:region:account:table/${tableName}`;
  const regionless = pattern.replace(/^arn:[^:]*:dynamodb:[^:]*:[^:]*:/, 'arn:aws:dynamodb:region:account:');
  return (
    ['', '/index/any', '/stream/any'].some((part) => glob(regionless, 'is').test(arn + part)) ||
    regionless.startsWith(`${arn}/`)
  );
}

/** Actions and resources with a wildcard, once each, without the hashes of logical ids; `*` alone with where it stands. */
export function wildcards(resources: Resources): string[] {
  const found = allowedBy(resources)
    .filter(({ where }) => !where.includes('/AssumeRolePolicyDocument/'))
    .flatMap(({ where, actions, resources: patterns, inverted }) => [
      ...[...actions, ...patterns]
        .filter((text) => /[*?]/.test(text.replace(/^arn:aws:dynamodb:\*:\*:/, '')))
        .map((text) => (text === '*' ? `${where.split('/')[0]}: *` : text)),
      ...(inverted ? ['all but what it names'] : []),
    ]);
  return [...new Set(found.map((text) => text.replace(/[0-9A-F]{8}(?=[.>]|: )/g, '')))].sort();
}

/** Actions and resources of the policies of one role, without those for its log. */
export function mayOf(all: Resources, owner: RegExp): Record<string, string[]> {
  const own = allowedBy(all).filter(({ where }) => owner.test(where) && !where.includes('/AssumeRolePolicyDocument/'));
  const pairs = own.flatMap(({ actions, resources: arns }) =>
    actions.flatMap((action) =>
      arns.map((arn) => [action, arn.replace(/^.*:(table|application|deploymentstrategy)\//, '')] as const),
    ),
  );
  const byAction = Object.groupBy(
    pairs.filter(([action]) => !action.startsWith('logs:')),
    ([action]) => action,
  );
  return Object.fromEntries(
    Object.entries(byAction).map(([action, group = []]) => [
      action,
      group.map(([, arn]) => arn.replace(/[0-9A-F]{8}(?=[.>])/g, '')).sort(),
    ]),
  );
}
