import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { Provider } from 'aws-cdk-lib/custom-resources';
import type { IConstruct } from 'constructs';

/**
 * Accepts that policies under `scope` name every part of one resource (`ARN` and a suffix that ends in `*`), for a reason.
 * cdk-nag's rule IAM5 takes each such resource by itself, by its logical id.
 */
export function acknowledgePartsOf(resource: IConstruct, suffix: ':*', scope: IConstruct, reason: string): void {
  const element = resource.node.defaultChild;
  if (!CfnElement.isCfnElement(element)) throw new TypeError(`${resource.node.path} is no single resource.`);
  const logicalId = Stack.of(resource).getLogicalId(element);
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>${suffix}]`, reason });
}

const BASIC_EXECUTION = 'arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

/** What cdk-nag finds in CDK's provider framework, which is not ours to write. It runs while a stack is deployed, then never. */
export function acknowledgeFramework(provider: Provider, called: readonly IConstruct[]): void {
  Validations.of(provider).acknowledge(
    {
      id: `AwsSolutions-IAM4[Policy::${BASIC_EXECUTION}]`,
      reason: 'CDK makes these roles; all that the policy allows is to write logs.',
    },
    {
      id: 'AwsSolutions-SF1',
      reason: 'The waiter only asks again whether a stream is on; the functions it calls log.',
    },
    { id: 'AwsSolutions-SF2', reason: 'The waiter runs during a deployment only: there is no traffic to trace.' },
  );
  const framework = ['framework-isComplete', 'framework-onTimeout'].flatMap(
    (id) => provider.node.tryFindChild(id) ?? [],
  );
  for (const target of [...called, ...framework]) {
    acknowledgePartsOf(target, ':*', provider, 'CDK allows calling any version of exactly this function.');
  }
}

/** Accepts that policies under `scope` name exactly this resource, which has a wildcard, for a reason. */
export function acknowledgeResource(scope: IConstruct, arn: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${readable(scope, arn)}]`, reason });
}

type Part = string | { readonly Ref: string } | { readonly 'Fn::ImportValue': string };

/** The ARN as cdk-nag spells it: `<LogicalId>` for a reference, the export's name for an import. */
function readable(scope: IConstruct, arn: string): string {
  const resolved: unknown = Stack.of(scope).resolve(arn);
  if (typeof resolved === 'string') return resolved;
  const [, parts] = (resolved as { readonly 'Fn::Join': [string, Part[]] })['Fn::Join'];
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'Ref' in part ? `<${part.Ref}>` : part['Fn::ImportValue'];
    })
    .join('');
}
