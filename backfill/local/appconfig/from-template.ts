import { createHash } from 'node:crypto';
import * as z from 'zod';
import { own } from '../../../functions/model/own.ts';
import { FLAG_PROFILE_TYPE, type InitialState, type Monitor, monitorOfArn } from './resources.ts';

/** Resources of a CloudFormation template, by logical id. */
export type TemplateResources = Readonly<
  Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> | undefined }>
>;

const reference = z.object({ Ref: z.string() });
const attributeOf = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });

const application = z.object({ Name: z.string() });
const environment = z.object({
  ApplicationId: z.unknown(),
  Name: z.string(),
  Monitors: z
    .array(z.object({ AlarmArn: z.union([z.string(), attributeOf]) }))
    .max(5)
    .default([]),
});
const profile = z.object({
  ApplicationId: z.unknown(),
  Name: z.string(),
  LocationUri: z.literal('hosted'),
  Type: z.literal(FLAG_PROFILE_TYPE),
  Validators: z
    .array(z.object({ Type: z.literal('LAMBDA'), Content: z.union([attributeOf, reference]) }))
    .max(2)
    .default([]),
});
const hostedVersion = z.object({
  ConfigurationProfileId: z.unknown(),
  Content: z.string(),
  Description: z.string().optional(),
});
const strategy = z.object({
  Name: z.string(),
  DeploymentDurationInMinutes: z.number().min(0).max(1440),
  GrowthFactor: z.number().min(1).max(100),
  GrowthType: z.enum(['LINEAR', 'EXPONENTIAL']).default('LINEAR'),
  FinalBakeTimeInMinutes: z.number().min(0).max(1440).default(0),
});

/** What CloudFormation answers to `Fn::GetAtt` with an id of AppConfig's. */
const ID_ATTRIBUTES: readonly string[] = ['ApplicationId', 'EnvironmentId', 'ConfigurationProfileId', 'Id'];

/** Whether there is a flag to stand in for. */
export function hasAppConfig(resources: TemplateResources): boolean {
  return Object.values(resources).some(({ Type }) => Type === 'AWS::AppConfig::Application');
}

/** Id of a resource of AppConfig's, the same at every start (seven of AppConfig's letters and digits). */
export function appConfigId(logicalId: string): string {
  const hash = createHash('sha256').update(logicalId).digest();
  return (hash.readUInt32BE(0) % 36 ** 6).toString(36).padStart(7, 'a');
}

/**
 * Value of a reference to a resource of AppConfig's, `Ref` or `Fn::GetAtt`, as CloudFormation would put it in.
 *
 * @returns undefined where `value` is none.
 */
export function appConfigReference(resources: TemplateResources, value: unknown): string | undefined {
  const logicalId = referenced(value);
  if (logicalId === undefined) return undefined;
  return own(resources, logicalId)?.Type.startsWith('AWS::AppConfig::') ? appConfigId(logicalId) : undefined;
}

function referenced(value: unknown): string | undefined {
  const direct = reference.safeParse(value);
  if (direct.success) return direct.data.Ref;
  const attribute = attributeOf.safeParse(value);
  if (!attribute.success) return undefined;
  const [logicalId, name] = attribute.data['Fn::GetAtt'];
  return ID_ATTRIBUTES.includes(name) ? logicalId : undefined;
}

/**
 * Reads the resources of AppConfig's in a synthesised template.
 *
 * @throws ZodError where one has what the stand-in does not follow, with its logical id in the path.
 */
export function readAppConfig(resources: TemplateResources): InitialState {
  const ofType = <T>(type: string, schema: z.ZodType<T>) =>
    Object.entries(resources)
      .filter(([, { Type }]) => Type === `AWS::AppConfig::${type}`)
      .map(([logicalId, { Properties }]) => ({
        id: appConfigId(logicalId),
        ...(z.object({ [logicalId]: schema }).parse({ [logicalId]: Properties })[logicalId] as T),
      }));
  const idIn = (value: unknown) => appConfigReference(resources, value) ?? String(value);

  return {
    applications: ofType('Application', application).map(({ id, Name }) => ({ id, name: Name })),
    environments: ofType('Environment', environment).map(({ id, Name, ApplicationId, Monitors }) => ({
      id,
      name: Name,
      applicationId: idIn(ApplicationId),
      monitors: Monitors.map(({ AlarmArn }) => monitorOf(resources, AlarmArn)),
    })),
    profiles: ofType('ConfigurationProfile', profile).map(({ id, Name, ApplicationId, Validators }) => ({
      id,
      name: Name,
      applicationId: idIn(ApplicationId),
      validatorFunctionIds: Validators.map(({ Content }) => functionOf(resources, Content)),
    })),
    strategies: ofType('DeploymentStrategy', strategy).map((each) => ({
      id: each.id,
      name: each.Name,
      deploymentDurationMinutes: each.DeploymentDurationInMinutes,
      growthType: each.GrowthType,
      growthFactor: each.GrowthFactor,
      finalBakeMinutes: each.FinalBakeTimeInMinutes,
    })),
    firstVersions: ofType('HostedConfigurationVersion', hostedVersion).map((version) => ({
      profileId: idIn(version.ConfigurationProfileId),
      content: version.Content,
      ...(version.Description !== undefined && { description: version.Description }),
    })),
  };
}

/** An alarm is known by its name, or by its logical id where the template leaves its name to CloudFormation. */
function monitorOf(
  resources: TemplateResources,
  arn: z.infer<typeof environment>['Monitors'][number]['AlarmArn'],
): Monitor {
  if (typeof arn === 'string') return monitorOfArn(arn);
  const [logicalId] = arn['Fn::GetAtt'];
  const given = own(resources, logicalId)?.Properties?.AlarmName;
  const alarmName = typeof given === 'string' ? given : logicalId;
  return { alarmArn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${alarmName}`, alarmName };
}

/** The function that a validator names, directly or by a version or an alias. */
function functionOf(resources: TemplateResources, content: unknown): string {
  const attribute = attributeOf.safeParse(content);
  if (attribute.success) return attribute.data['Fn::GetAtt'][0];
  const { Ref } = reference.parse(content);
  const named = reference.safeParse(own(resources, Ref)?.Properties?.FunctionName);
  return named.success ? named.data.Ref : Ref;
}
