import { describe, expect, test } from 'vitest';
import { appConfigId } from '../../../backfill/local/appconfig/from-template.ts';
import { readTemplate } from '../../../backfill/local/cloud/template.ts';

const RESOURCES = {
  App: { Type: 'AWS::AppConfig::Application', Properties: { Name: 'migration' } },
  Env: {
    Type: 'AWS::AppConfig::Environment',
    Properties: {
      ApplicationId: { Ref: 'App' },
      Name: 'reads',
      Monitors: [
        { AlarmArn: { 'Fn::GetAtt': ['NamedAlarm', 'Arn'] }, AlarmRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
        { AlarmArn: { 'Fn::GetAtt': ['NamelessAlarm', 'Arn'] } },
        { AlarmArn: 'arn:aws:cloudwatch:us-east-1:111111111111:alarm:elsewhere' },
      ],
    },
  },
  Profile: {
    Type: 'AWS::AppConfig::ConfigurationProfile',
    Properties: {
      ApplicationId: { 'Fn::GetAtt': ['App', 'ApplicationId'] },
      Name: 'read-path',
      LocationUri: 'hosted',
      Type: 'AWS.AppConfig.FeatureFlags',
      Validators: [
        { Type: 'LAMBDA', Content: { 'Fn::GetAtt': ['Gate', 'Arn'] } },
        { Type: 'LAMBDA', Content: { Ref: 'GateAlias' } },
      ],
    },
  },
  First: {
    Type: 'AWS::AppConfig::HostedConfigurationVersion',
    Properties: {
      ApplicationId: { Ref: 'App' },
      ConfigurationProfileId: { Ref: 'Profile' },
      Content: '{"version":"1"}',
    },
  },
  Widen: {
    Type: 'AWS::AppConfig::DeploymentStrategy',
    Properties: { Name: 'widen', DeploymentDurationInMinutes: 10, GrowthFactor: 20, FinalBakeTimeInMinutes: 5 },
  },
  NamedAlarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'errors' } },
  NamelessAlarm: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: {} },
  GateAlias: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Gate' } } },
  Gate: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Handler: 'index.handler',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Environment: {
        Variables: {
          BY_REF: { Ref: 'Env' },
          BY_ATTRIBUTE: { 'Fn::GetAtt': ['Profile', 'ConfigurationProfileId'] },
          OTHER: { Ref: 'Bucket' },
        },
      },
    },
  },
};

const ids = { App: appConfigId('App'), Env: appConfigId('Env'), Profile: appConfigId('Profile') };

test('the resources of AppConfig become what the stand-in begins with, tied together by ids', () => {
  const { appConfig } = readTemplate({ Resources: RESOURCES });
  expect(appConfig).toEqual({
    applications: [{ id: ids.App, name: 'migration' }],
    environments: [
      {
        id: ids.Env,
        applicationId: ids.App,
        name: 'reads',
        monitors: [
          { alarmName: 'errors', alarmArn: expect.stringMatching(/:alarm:errors$/) },
          { alarmName: 'NamelessAlarm', alarmArn: expect.stringMatching(/:alarm:NamelessAlarm$/) },
          { alarmName: 'elsewhere', alarmArn: 'arn:aws:cloudwatch:us-east-1:111111111111:alarm:elsewhere' },
        ],
      },
    ],
    profiles: [{ id: ids.Profile, applicationId: ids.App, name: 'read-path', validatorFunctionIds: ['Gate', 'Gate'] }],
    strategies: [
      {
        id: appConfigId('Widen'),
        name: 'widen',
        deploymentDurationMinutes: 10,
        growthFactor: 20,
        growthType: 'LINEAR',
        finalBakeMinutes: 5,
      },
    ],
    firstVersions: [{ profileId: ids.Profile, content: '{"version":"1"}' }],
  });
});

test('ids have the form that AppConfig gives them, and are the same at every start', () => {
  for (const logicalId of ['App', 'Env', 'x', 'ReadFlagProfile0F0F0F0F']) {
    expect(appConfigId(logicalId)).toMatch(/^[a-z0-9]{4,7}$/);
    expect(appConfigId(logicalId)).toBe(appConfigId(logicalId));
  }
});

test("functions are told AppConfig's ids, and no other reference", () => {
  const { functions } = readTemplate({ Resources: RESOURCES });
  expect(functions.get('Gate')?.environment).toEqual({ BY_REF: ids.Env, BY_ATTRIBUTE: ids.Profile });
});

test('a stack without a flag has none to stand in for', () => {
  const { Gate } = RESOURCES;
  expect(readTemplate({ Resources: { Gate } }).appConfig).toBeUndefined();
});

describe('refused is what the stand-in does not follow', () => {
  const withProfile = (properties: object) => ({
    ...RESOURCES,
    Profile: { ...RESOURCES.Profile, Properties: { ...RESOURCES.Profile.Properties, ...properties } },
  });
  test.each([
    ['a freeform profile', { Type: 'AWS.Freeform' }],
    ['a configuration kept elsewhere', { LocationUri: 'ssm-parameter://flag' }],
    ['a JSON schema as validator', { Validators: [{ Type: 'JSON_SCHEMA', Content: '{}' }] }],
  ])('%s', (_, properties) => {
    const refusal = { code: 'TEMPLATE_UNREADABLE', message: expect.stringContaining('Profile') };
    expect(() => readTemplate({ Resources: withProfile(properties) })).toThrow(expect.objectContaining(refusal));
  });
});
