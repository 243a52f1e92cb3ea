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
