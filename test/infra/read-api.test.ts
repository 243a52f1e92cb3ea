import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { readReadSettings } from '../../functions/read/http/read-settings.ts';
import { nodeFunction } from '../../infra/node-function.ts';
import { ofType, type Resource, settingsWith, synthesise } from './synthesis.ts';

const callers = [{ principal: 'arn:aws:iam::123456789012:role/kpi-service', tenants: 'any' }];
const settings = settingsWith({ readPath: { callers, requestsPerSecondMax: 50, burstMax: 70 } });
const resources = synthesise(settings);

/** The properties of the one resource of the type whose logical id begins so. */
function only(type: string, prefix = ''): Resource['Properties'] {
  const [found, ...more] = ofType(resources, type).filter(({ id }) => id.startsWith(prefix));
  if (!found || more.length > 0) throw new Error(`There is not exactly one ${prefix} of ${type}.`);
  return found.Properties;
}

describe('the read API', () => {
  test('is made only where somebody may call it', () => {
    expect(ofType(synthesise(settingsWith()), 'AWS::ApiGatewayV2::Api')).toEqual([]);
    expect(ofType(resources, 'AWS::ApiGatewayV2::Api')).toHaveLength(1);
  });

  test('has a route for each that is described, all behind IAM', () => {
    const routes = ofType(resources, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties);
    const { paths } = JSON.parse(
      readFileSync(new URL('../../functions/read/http/openapi.json', import.meta.url), 'utf8'),
    );
    const described = Object.keys(paths).map((path) => `GET ${path}`);
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(described.sort());
    for (const { AuthorizationType } of routes) expect(AuthorizationType).toBe('AWS_IAM');
  });

  test('writes down who called, and takes no more than the settings say', () => {
    expect(only('AWS::ApiGatewayV2::Stage')).toMatchObject({
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 70 },
    });
    const { DestinationArn, Format } = only('AWS::ApiGatewayV2::Stage').AccessLogSettings;
    const group = resources[DestinationArn['Fn::GetAtt'][0]];
    expect(group).toMatchObject({ Type: 'AWS::Logs::LogGroup', DeletionPolicy: 'RetainExceptOnCreate' });
    // CloudWatch Logs' resource policy has room for 5,120 characters, and covers this prefix as a whole.
    const [prefix, stackId] = group?.Properties.LogGroupName['Fn::Join'][1] ?? [];
    expect(prefix).toBe('/aws/vendedlogs/kpi-migration-test-');
    expect(JSON.stringify(stackId)).toContain('AWS::StackId');
    expect(JSON.parse(Format)).toMatchObject({
      'identity.userArn': '$context.identity.userArn',
      routeKey: '$context.routeKey',
      path: '$context.path',
      status: '$context.status',
    });
  });

  test('tells its function all that it asks for', () => {
    const read = only('AWS::Lambda::Function', 'ReadPathReadKpi');
    const { Variables } = read.Environment;
    const types = ['FLAG_APPLICATION', 'FLAG_ENVIRONMENT', 'FLAG_PROFILE'].map(
      (name) => resources[Variables[name].Ref]?.Type,
    );
    expect(types).toEqual([
      'AWS::AppConfig::Application',
      'AWS::AppConfig::Environment',
      'AWS::AppConfig::ConfigurationProfile',
    ]);
    const flag = { FLAG_APPLICATION: 'a', FLAG_ENVIRONMENT: 'e', FLAG_PROFILE: 'p' };
    const { READ_CALLERS_FILE, ...others } = Variables;
    expect(READ_CALLERS_FILE).toBe('callers.json');
    expect(readReadSettings({ ...others, READ_CALLERS: JSON.stringify(callers), ...flag })).toMatchObject({
      tableNames: settings.tables,
      heldRecords: 'hold',
      callers,
      flag: { application: 'a', environment: 'e', profile: 'p' },
    });
    // An HTTP API gives up after 30 s.
    expect(read.Timeout).toBeLessThan(30);
  });

  test('has variables that Lambda takes, however many tenants there are and however long the tables’ names are', () => {
    const tables = Object.fromEntries(Object.keys(settings.tables).map((role) => [role, role.padEnd(100, 'x')]));
    const tenants = Array.from({ length: 1_000 }, (_, at) => `tenant-${at}`);
    const many = settingsWith({ tables, readPath: { callers: [{ ...callers[0], tenants }] } });
    for (const { id, Properties } of ofType(synthesise(many), 'AWS::Lambda::Function')) {
      expect(JSON.stringify(Properties.Environment ?? {}).length, id).toBeLessThan(4_096);
    }
  });

  test('would be refused with variables that Lambda does not take', () => {
    const stack = new Stack();
    const options = { entry: 'read-kpi', timeoutSeconds: 1, memoryMegabytes: 128 };
    const environment = { LONG: 'x'.repeat(4_096) };
    expect(() => nodeFunction(stack, 'TooLarge', { ...options, environment })).toThrow(/TooLarge take \d+ bytes/);
  });

  test('tells people when its function throws', () => {
    const alarms = ofType(resources, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
    const ofRead = { Name: 'FunctionName', Value: { Ref: expect.stringContaining('ReadPathReadKpi') } };
    expect(alarms).toContainEqual(expect.objectContaining({ MetricName: 'Errors', Dimensions: [ofRead] }));
  });
});
