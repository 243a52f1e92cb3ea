import { CfnOutput, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { RECORD_SOURCES, SOURCES } from '../functions/migration/sources.ts';
import {
  LINK_LISTING,
  LISTED_BY,
  LOOK_UP_TABLE_OF,
  NEW_DATA,
  NEW_LINKS,
  NEW_TABLES,
  TABLES,
} from '../functions/migration/tables.ts';
import type { Callers } from '../functions/read/http/callers.ts';
import { ROUTES } from '../functions/read/http/http-routes.ts';
import type { ControlTable } from './control-table.ts';
import type { NewTables } from './new-tables.ts';
import { keptLogs, nodeFunction, vendedLogName } from './node-function.ts';
import type { OldTables } from './old-tables.ts';
import type { ReadFlag } from './read-flag.ts';
import type { Settings } from './settings.ts';

export interface ReadApiProps {
  readonly settings: Settings;
  readonly callers: Callers;
  readonly oldTables: OldTables;
  readonly newTables: NewTables;
  readonly readFlag: ReadFlag;
  readonly control: ControlTable;
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

/** Beside the code: a list of tenants may exceed what a function's variables hold. */
const CALLERS_FILE = 'callers.json';

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
    new CfnOutput(Stack.of(this), 'ReadApiUrl', { value: stage.url, description: 'Where the reads are served.' });
  }

  private stage(httpApi: HttpApi, { readPath }: Settings): HttpStage {
    const accessLogs = keptLogs(this, 'AccessLogs', vendedLogName(this, 'reads'));
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

  private readFunction({ settings, callers, oldTables, newTables, readFlag, control }: ReadApiProps): IFunction {
    const read = nodeFunction(this, 'ReadKpi', {
      entry: 'read-kpi',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMegabytes: MEMORY_MEGABYTES,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        HELD_RECORDS: settings.heldRecords,
        ENVIRONMENT_NAME: settings.name,
        FLAG_APPLICATION: readFlag.flag.applicationId,
        FLAG_ENVIRONMENT: readFlag.environmentId,
        FLAG_PROFILE: readFlag.flag.profileId,
        READ_CALLERS_FILE: CALLERS_FILE,
      },
      files: { [CALLERS_FILE]: JSON.stringify(callers) },
    });
    const allow = (actions: string[], resources: string[]) =>
      read.addToRolePolicy(new PolicyStatement({ actions, resources }));
    const linkIndexes = Object.keys(LINK_LISTING);
    allow(
      ['dynamodb:BatchGetItem'],
      SOURCES.map((source) => oldTables.tableArn(source)),
    );
    allow(
      ['dynamodb:GetItem'],
      [
        oldTables.arn(LOOK_UP_TABLE_OF.kpi),
        ...NEW_TABLES.map((role) => newTables.arn(role)),
        // The kill switch.
        control.tableArn,
      ],
    );
    allow(
      ['dynamodb:Query'],
      [
        ...linkIndexes.map((index) => oldTables.tableArn('links', `/index/${index}`)),
        ...RECORD_SOURCES.flatMap((source) => [
          oldTables.tableArn(source, `/index/${LISTED_BY.kpi.index}`),
          oldTables.tableArn(source, `/index/${LISTED_BY.tenant.index}`),
        ]),
        oldTables.arn(LOOK_UP_TABLE_OF.person, `/index/${LISTED_BY.user.index}`),
        ...linkIndexes.map((index) => newTables.arn(NEW_LINKS, `/index/${index}`)),
        ...Object.keys(TABLES[NEW_DATA].indexes).map((index) => newTables.arn(NEW_DATA, `/index/${index}`)),
      ],
    );
    allow(['appconfig:StartConfigurationSession', 'appconfig:GetLatestConfiguration'], [readFlag.configurationArn]);
    return read;
  }
}
