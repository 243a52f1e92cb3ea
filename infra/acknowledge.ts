import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Accepts that policies under `scope` name every part of one resource (`ARN` and a suffix that ends in `*`), for a reason.
 * cdk-nag's rule IAM5 takes each such resource by itself, by its logical id.
 */
export function acknowledgePartsOf(resource: IConstruct, suffix: ':*' | '/*', scope: IConstruct, reason: string): void {
  const element = resource.node.defaultChild;
  if (!CfnElement.isCfnElement(element)) throw new TypeError(`${resource.node.path} is no single resource.`);
  const logicalId = Stack.of(resource).getLogicalId(element);
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>${suffix}]`, reason });
}

/** Accepts that policies under `scope` name exactly this resource, which has a wildcard, for a reason. */
export function acknowledgeResource(scope: IConstruct, arn: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${readable(scope, arn)}]`, reason });
}

/** The ARN as cdk-nag spells it: `<LogicalId>` for a reference. */
function readable(scope: IConstruct, arn: string): string {
  const resolved: unknown = Stack.of(scope).resolve(arn);
  if (typeof resolved === 'string') return resolved;
  const [, parts] = (resolved as { readonly 'Fn::Join': [string, (string | { readonly Ref: string })[]] })['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : `<${part.Ref}>`)).join('');
}
