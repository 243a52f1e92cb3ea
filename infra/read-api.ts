import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Callers } from '../functions/read/http/callers.ts';
import type { NewTables } from './new-tables.ts';
import { nodeFunction } from './node-function.ts';
import type { OldTables } from './old-tables.ts';
import type { ReadFlag } from './read-flag.ts';
import type { Settings } from './settings.ts';

export interface ReadApiProps {
  readonly settings: Settings;
  readonly callers: Callers;
  readonly oldTables: OldTables;
  readonly newTables: NewTables;
  readonly readFlag: ReadFlag;
}

/** Each needs a route of its own, as its key tells the function what is asked (functions/read/http/http-routes.ts). */
const PATHS = [
  '/tenants/{tenantId}/links',
  '/tenants/{tenantId}/links/{linkId}',
  '/tenants/{tenantId}/links/{linkId}/data',
  '/tenants/{tenantId}/links/{linkId}/latest-actual',
  '/tenants/{tenantId}/links/{linkId}/target',
  '/tenants/{tenantId}/data/{dataId}',
];

/** What an access log says of a request (API Gateway developer guide, "Customize HTTP API access logs"). */
const LOGGED = [
  'requestId',
  'requestTime',
  'identity.userArn',
  'identity.sourceIp',
  'routeKey',
  'path',
  'status',
  'responseLatency',
  'integrationErrorMessage',
];

/** An HTTP API gives up after 30 s (API Gateway quotas). */
const TIMEOUT_SECONDS = 29;
const MEMORY_MEGABYTES = 1_024;

/** The reads behind an HTTP API: whoever IAM lets in may ask, and the function decides for which tenants. */
export class ReadApi extends Construct {
  readonly read: IFunction;

  constructor(scope: Construct, id: string, props: ReadApiProps) {
    super(scope, id);
    this.read = this.readFunction(props);
    const api = new HttpApi(this, 'Api', {
      apiName: `kpi-migration-${props.settings.name}-reads`,
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const integration = new HttpLambdaIntegration('Read', this.read);
    for (const path of PATHS) api.addRoutes({ path, methods: [HttpMethod.GET], integration });
    const stage = this.stage(api, props.settings);
    new CfnOutput(this, 'Url', { value: stage.url, description: 'Where the reads are served.' });
  }

  private stage(httpApi: HttpApi, { readPath }: Settings): HttpStage {
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    return new HttpStage(this, 'Stage', {
      httpApi,
      autoDeploy: true,
      throttle: { rateLimit: readPath.requestsPerSecondMax, burstLimit: readPath.burstMax },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(
          JSON.stringify(Object.fromEntries(LOGGED.map((name) => [name, `$context.${name}`]))),
        ),
      },
    });
  }

  private readFunction({ settings, callers, oldTables, newTables, readFlag }: ReadApiProps): IFunction {
    const read = nodeFunction(this, 'ReadKpi', {
      entry: 'read-kpi.ts',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMegabytes: MEMORY_MEGABYTES,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        HELD_RECORDS: settings.heldRecords,
        ENVIRONMENT_NAME: settings.name,
        FLAG_APPLICATION: readFlag.applicationId,
        FLAG_ENVIRONMENT: readFlag.environmentId,
        FLAG_PROFILE: readFlag.profileId,
        READ_CALLERS: JSON.stringify(callers),
      },
    });
    const allow = (actions: string[], resources: string[]) =>
      read.addToRolePolicy(new PolicyStatement({ actions, resources }));
    const records = (['milestones', 'actuals', 'readings'] as const).map(
      (source) =>
        (suffix = '') =>
          oldTables.tableArn(source, suffix),
    );
    allow(['dynamodb:BatchGetItem'], [oldTables.tableArn('links'), ...records.map((arn) => arn())]);
    allow(['dynamodb:GetItem'], [oldTables.arn('kpis'), newTables.kpiLinks.tableArn, newTables.kpiData.tableArn]);
    allow(
      ['dynamodb:Query'],
      [
        ...['kpi-index', 'goal-index', 'tenant-index'].map((index) => oldTables.tableArn('links', `/index/${index}`)),
        ...records.flatMap((arn) => [arn('/index/kpi-index'), arn('/index/tenant-index')]),
        oldTables.arn('people', '/index/linked-user-index'),
        ...['kpi-index', 'goal-index', 'tenant-index'].map((index) => `${newTables.kpiLinks.tableArn}/index/${index}`),
        ...['kpi-link-index', 'kpi-link-category-index', 'target-subtype-index'].map(
          (index) => `${newTables.kpiData.tableArn}/index/${index}`,
        ),
      ],
    );
    allow(['appconfig:StartConfigurationSession', 'appconfig:GetLatestConfiguration'], [readFlag.configurationArn]);
    return read;
  }
}
