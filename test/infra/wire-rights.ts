import { type TableCommand, tablesOf } from '../../backfill/local/rights/asked-rights.ts';
import type { WireCall } from '../recording-proxy.ts';

const ACCOUNT = 'us-east-1:000000000000';

/** What an action asks for, as `action ARN`; `*` if IAM knows no resource for it. */
type Right = string;

/**
 * AppConfig's operations by method and path, the group is the IAM resource that each is about (Service Authorization Reference,
 * "Actions, resources, and condition keys for AWS AppConfig").
 */
const APPCONFIG: readonly (readonly [method: string, path: RegExp, action: string])[] = [
  ['GET', /^(\/applications\/\w+\/environments\/\w+)$/, 'GetEnvironment'],
  ['PATCH', /^(\/applications\/\w+\/environments\/\w+)$/, 'UpdateEnvironment'],
  ['GET', /^(\/applications\/\w+\/environments\/\w+)\/deployments$/, 'ListDeployments'],
  ['POST', /^(\/applications\/\w+\/environments\/\w+)\/deployments$/, 'StartDeployment'],
  ['GET', /^(\/applications\/\w+\/environments\/\w+\/deployments\/\d+)$/, 'GetDeployment'],
  ['DELETE', /^(\/applications\/\w+\/environments\/\w+\/deployments\/\d+)$/, 'StopDeployment'],
  ['GET', /^(\/applications\/\w+\/configurationprofiles\/\w+)$/, 'GetConfigurationProfile'],
  ['PATCH', /^(\/applications\/\w+\/configurationprofiles\/\w+)$/, 'UpdateConfigurationProfile'],
  [
    'GET',
    /^(\/applications\/\w+\/configurationprofiles\/\w+)\/hostedconfigurationversions$/,
    'ListHostedConfigurationVersions',
  ],
  [
    'POST',
    /^(\/applications\/\w+\/configurationprofiles\/\w+)\/hostedconfigurationversions$/,
    'CreateHostedConfigurationVersion',
  ],
  [
    'GET',
    /^(\/applications\/\w+\/configurationprofiles\/\w+\/hostedconfigurationversions\/\d+)$/,
    'GetHostedConfigurationVersion',
  ],
];

/** Actions for which IAM knows no resource. */
const WITHOUT_RESOURCE = new Set(['dynamodb:ListBackups']);

/** Services of which no action that the product asks for knows a resource, by the target on the wire. */
const WITHOUT_RESOURCES: Readonly<Record<string, string>> = {
  AnyScaleFrontendService: 'application-autoscaling',
  GraniteServiceVersion20100801: 'cloudwatch',
};

/** The rights that a request asks for. What is not known here is a right of its own, which no policy gives. */
export function rightsOf(call: WireCall): Right[] {
  const [service, action] = String(call.headers['x-amz-target'] ?? '').split('.');
  if (service?.startsWith('DynamoDB')) return dynamoRights(action ?? '', JSON.parse(call.body));
  const prefix = service === undefined ? undefined : WITHOUT_RESOURCES[service];
  if (prefix !== undefined) return [`${prefix}:${action} *`];
  if (service === 'AmazonSSM') {
    const { Names = [] } = JSON.parse(call.body) as { Names?: string[] };
    return Names.map((name) => `ssm:${action} arn:aws:ssm:${ACCOUNT}:parameter${name}`);
  }
  if (service === 'AWSStepFunctions') {
    const { stateMachineArn, executionArn } = JSON.parse(call.body);
    // IAM knows an execution by its own ARN (Service Authorization Reference, AWS Step Functions).
    return [`states:${action} ${action === 'StartExecution' ? stateMachineArn : executionArn}`];
  }
  if (/^\/2015-03-31\/event-source-mappings/.test(call.path)) {
    const isList = /mappings\/?$/.test(call.path);
    return [`lambda:${isList ? 'ListEventSourceMappings' : 'GetEventSourceMapping'} *`];
  }
  // GetCallerIdentity takes no right (STS API Reference).
  if (call.body.includes('Action=GetCallerIdentity')) return [];
  return [appConfigRight(call)];
}

function dynamoRights(action: string, input: TableCommand & { readonly BackupArn?: string }): Right[] {
  if (WITHOUT_RESOURCE.has(`dynamodb:${action}`)) return [`dynamodb:${action} *`];
  if (input.BackupArn !== undefined) return [`dynamodb:${action} ${input.BackupArn}`];
  return tablesOf(action, input).map(([each, table]) => `dynamodb:${each} arn:aws:dynamodb:${ACCOUNT}:table/${table}`);
}

function appConfigRight({ method, path }: WireCall): Right {
  for (const [verb, pattern, action] of APPCONFIG) {
    const [, named] = (verb === method && pattern.exec(path)) || [];
    if (named === undefined) continue;
    const resource = named
      .replace('/applications/', 'application/')
      .replace('/environments/', '/environment/')
      .replace('/deployments/', '/deployment/')
      .replace('/configurationprofiles/', '/configurationprofile/')
      .replace('/hostedconfigurationversions/', '/hostedconfigurationversion/');
    return `appconfig:${action} arn:aws:appconfig:${ACCOUNT}:${resource}`;
  }
  return `unknown:${method} ${path}`;
}
