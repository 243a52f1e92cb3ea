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
import { ROUTES } from '../functions/read/http/http-routes.ts';
import type { NewTables } from './new-tables.ts';
import { nodeFunction } from './node-function.ts';
import { type OldTables, SOURCES } from './old-tables.ts';
import type { ReadFlag } from './read-flag.ts';
import type { Settings } from './settings.ts';

export interface ReadApiProps {
  readonly settings: Settings;
  readonly callers: Callers;
  readonly oldTables: OldTables;
  readonly newTables: NewTables;
  readonly readFlag: ReadFlag;
}

/** What the access log records of a request (API Gateway developer guide, "Customize HTTP API access logs"). */
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

/** An HTTP API times out after 30 s (API Gateway quotas). */
const TIMEOUT_SECONDS = 29;
const MEMORY_MEGABYTES = 1_024;

/** The reads behind an HTTP API. IAM decides who may call it, and the function which tenants a caller may read. */
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
    // One API route each, because the route key tells the function which read is requested.
    for (const routeKey of Object.keys(ROUTES)) {
      api.addRoutes({ path: routeKey.replace('GET ', ''), methods: [HttpMethod.GET], integration });
    }
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
      entry: 'read-kpi',
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
    const records = SOURCES.filter((source) => source !== 'links');
    allow(
      ['dynamodb:BatchGetItem'],
      SOURCES.map((source) => oldTables.tableArn(source)),
    );
    allow(['dynamodb:GetItem'], [oldTables.arn('kpis'), newTables.kpiLinks.tableArn, newTables.kpiData.tableArn]);
    allow(
      ['dynamodb:Query'],
      [
        ...['kpi-index', 'goal-index', 'tenant-index'].map((index) => oldTables.tableArn('links', `/index/${index}`)),
        ...records.flatMap((source) => [
          oldTables.tableArn(source, '/index/kpi-index'),
          oldTables.tableArn(source, '/index/tenant-index'),
        ]),
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
