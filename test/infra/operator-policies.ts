import { appConfigId } from '../../backfill/local/appconfig/from-template.ts';
import type { Settings } from '../../infra/settings.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { ofType, type Resources, synthesise } from './synthesis.ts';

export type PolicyName = 'Observe' | 'Operate';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** What a managed policy of the stack allows: each action with the ARN patterns that it is allowed on. */
export class OperatorPolicy {
  private readonly statements: readonly { readonly actions: readonly string[]; readonly arns: readonly string[] }[];

  constructor(name: PolicyName, settings: Settings = readSettings('local')) {
    const resources = synthesise(settings);
    const policy = ofType(resources, 'AWS::IAM::ManagedPolicy').find(({ id }) => id.startsWith(`Operators${name}`));
    const statements: readonly Statement[] = policy?.Properties.PolicyDocument.Statement ?? [];
    this.statements = statements.map(({ Action, Resource }) => ({
      actions: [Action].flat(),
      arns: [Resource].flat().map((arn) => textOf(resources, arn)),
    }));
  }

  get actions(): string[] {
    return [...new Set(this.statements.flatMap(({ actions }) => actions))].sort();
  }

  /** ARN patterns on which an action is allowed. */
  arnsOf(isMeant: (action: string) => boolean): string[] {
    return this.statements.filter(({ actions }) => actions.some(isMeant)).flatMap(({ arns }) => arns);
  }

  /** @param right `action ARN`, or `action *` if IAM knows no resource for it. */
  allows(right: string): boolean {
    const at = right.indexOf(' ');
    const [action, arn] = [right.slice(0, at), right.slice(at + 1)];
    return this.statements.some(
      ({ actions, arns }) => actions.includes(action) && arns.some((pattern) => covers(pattern, arn)),
    );
  }
}

function covers(pattern: string, arn: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\?]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(arn);
}

/** An ARN with the ids that the local cloud gives to what it references. */
function textOf(resources: Resources, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) {
    const id = String(value.Ref);
    return resources[id]?.Type.startsWith('AWS::AppConfig::') ? appConfigId(id) : `<${id}>`;
  }
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map((part) => textOf(resources, part)).join(separator);
  }
  return JSON.stringify(value);
}
