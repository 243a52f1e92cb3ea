import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseFlagDocument } from '../../functions/flag/document.ts';
import { readGateSettings } from '../../functions/runtime/settings.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { ofType, type Resource, type Resources, settingsWith, synthesise } from './synthesis.ts';

const environments = Object.keys(
  JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')).context.migration.environments,
);
const resources = synthesise(settingsWith());

function only(type: string, all: Resources = resources): Resource & { readonly id: string } {
  const [found, ...more] = ofType(all, type);
  if (!found || more.length > 0) throw new Error(`There is not exactly one ${type}.`);
  return found;
}

function gateOf(all: Resources): Resource & { readonly id: string } {
  const found = ofType(all, 'AWS::Lambda::Function').find(({ id }) => id.startsWith('ReadFlagGate'));
  if (!found) throw new Error('The template has no gate.');
  return found;
}

function strategies(all: Resources) {
  const found = ofType(all, 'AWS::AppConfig::DeploymentStrategy').map(({ Properties }) => Properties);
  return Object.fromEntries(found.map((each) => [each.Name, each]));
}

describe('the read flag', () => {
  const application = only('AWS::AppConfig::Application');
  const environment = only('AWS::AppConfig::Environment');
  const profile = only('AWS::AppConfig::ConfigurationProfile');

  test('bears the names of functions/flag/names.ts', () => {
    expect(application.Properties.Name).toBe('kpi-migration-test');
    expect(environment.Properties).toMatchObject({ Name: 'reads', ApplicationId: { Ref: application.id } });
    expect(profile.Properties).toMatchObject({ Name: 'read-path', ApplicationId: { Ref: application.id } });
    expect(Object.keys(strategies(resources)).sort()).toEqual([
      'kpi-migration-test-fallback',
      'kpi-migration-test-widen',
    ]);
  });

  test('is a feature flag that AppConfig keeps, with the gate as its validator', () => {
    expect(profile.Properties).toMatchObject({
      Type: 'AWS.AppConfig.FeatureFlags',
      LocationUri: 'hosted',
    });
    expect(only('Custom::Guards').Properties).toMatchObject({
      ApplicationId: { Ref: application.id },
      ConfigurationProfileId: { Ref: profile.id },
      GateArn: { 'Fn::GetAtt': [gateOf(resources).id, 'Arn'] },
    });
    // AppConfig User Guide, "Understanding validators": the gate has to be there before the profile that names it.
    expect(profile.Properties).not.toHaveProperty('Validators');
  });

  test('is deployed by nobody but operators', () => {
    expect(ofType(resources, 'AWS::AppConfig::Deployment')).toEqual([]);
  });

  test.each(environments)(
    '%s: has one version of the stack’s, the same in every environment, disabled, and kept: a deploy changes nothing of it',
    (name) => {
      const version = only('AWS::AppConfig::HostedConfigurationVersion', synthesise(readSettings(name)));
      expect(version.id).toBe('ReadFlagFirstVersion60A254C3');
      expect(parseFlagDocument(version.Properties.Content)).toEqual({ enabled: false });
      expect(version.Properties).toEqual({
        ...only('AWS::AppConfig::HostedConfigurationVersion').Properties,
        // CloudFormation replaces a version whose properties change: to the last character, they never do.
        Content:
          '{"version":"1","flags":{"readPath":{"name":"Which tables answer reads","attributes":{"stage":{"constraints":{"type":"string","enum":["shadow","new"]}},"percent":{"constraints":{"type":"number","minimum":0,"maximum":100}},"tenants":{"constraints":{"type":"array","elements":{"type":"string"}}},"lagBoundMs":{"constraints":{"type":"number","minimum":0}}}}},"values":{"readPath":{"enabled":false}}}',
      });
      expect(version).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    },
  );

  test('does not keep the stack from going: what AppConfig would refuse to delete stays', () => {
    for (const kept of [application, profile]) expect(kept.DeletionPolicy).toBe('RetainExceptOnCreate');
    expect(environment.DeletionPolicy).toBeUndefined();
  });
});

describe('a rollout of the flag', () => {
  test('widens step by step and is watched for a while; a fallback is one step and done', () => {
    expect(strategies(resources)).toMatchObject({
      'kpi-migration-test-widen': {
        GrowthType: 'LINEAR',
        DeploymentDurationInMinutes: 10,
        GrowthFactor: 20,
        FinalBakeTimeInMinutes: 10,
        ReplicateTo: 'NONE',
      },
      'kpi-migration-test-fallback': {
        DeploymentDurationInMinutes: 0,
        GrowthFactor: 100,
        FinalBakeTimeInMinutes: 0,
        ReplicateTo: 'NONE',
      },
    });
  });

  test('widens at the pace of the settings, which a fallback does not know', () => {
    const widen = { deploymentMinutes: 30, growthPercent: 5, bakeMinutes: 60 };
    expect(strategies(synthesise(settingsWith({ readFlag: { widen } })))).toMatchObject({
      'kpi-migration-test-widen': { DeploymentDurationInMinutes: 30, GrowthFactor: 5, FinalBakeTimeInMinutes: 60 },
      'kpi-migration-test-fallback': { DeploymentDurationInMinutes: 0, FinalBakeTimeInMinutes: 0 },
    });
  });

  test('is taken back by alarms, as many as AppConfig takes, that AppConfig may look at', () => {
    const { Monitors } = only('AWS::AppConfig::Environment').Properties;
    expect(Monitors.length).toBeGreaterThan(0);
    expect(Monitors.length).toBeLessThanOrEqual(5);
    for (const { AlarmArn, AlarmRoleArn } of Monitors) {
      expect(resources[AlarmArn['Fn::GetAtt'][0]]?.Type).toMatch(/^AWS::CloudWatch::(Composite)?Alarm$/);
      const role = resources[AlarmRoleArn['Fn::GetAtt'][0]]?.Properties;
      expect(JSON.stringify(role?.AssumeRolePolicyDocument)).toContain('appconfig.amazonaws.com');
    }
  });
});

describe('the gate', () => {
  const gate = gateOf(resources);

  test('answers before AppConfig has given up, and may be called by it', () => {
    expect(gate.Properties.Timeout).toBeLessThan(15);
    expect(gate.Properties.MemorySize).toBeGreaterThanOrEqual(1_024);
    const permissions = ofType(resources, 'AWS::Lambda::Permission').map(({ Properties }) => Properties);
    expect(permissions.filter(({ FunctionName }) => FunctionName['Fn::GetAtt'][0] === gate.id)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': [gate.id, 'Arn'] },
        Principal: 'appconfig.amazonaws.com',
      },
    ]);
  });

  test('is told where the evidence is, of which environment, and what counts as evidence', () => {
    const readFlag = { reportAgeMaxMinutes: 30, lagMaxSeconds: 90 };
    const { Variables } = gateOf(synthesise(settingsWith({ readFlag }))).Properties.Environment;
    const { Ref } = Variables.FLAG_ENVIRONMENT_ID;
    expect(resources[Ref]?.Type).toBe('AWS::AppConfig::Environment');
    expect(readGateSettings({ ...Variables, FLAG_ENVIRONMENT_ID: 'abc1234' })).toEqual({
      tableNames: settingsWith().tables,
      environmentId: 'abc1234',
      reportAgeMaxMs: 30 * 60_000,
      lagMaxMs: 90_000,
    });
  });
});
