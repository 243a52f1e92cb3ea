import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type AssetCode, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { MigrationError } from '../functions/model/migration-error.ts';
import { handlerFile, PACKAGE_ROOT } from './package-layout.ts';

export interface NodeFunctionProps {
  /** Name of the file under functions/ whose exports are the handlers. */
  readonly entry: string;
  readonly handler?: string;
  readonly environment?: Record<string, string>;
  /** Files that go into the bundle, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** How often Lambda tries an event again that nobody waits for; 2 unless told. */
  readonly retryAttempts?: number;
  /** Concurrency that nobody else in the account can take; without it, what is left of the account's. */
  readonly reservedConcurrency?: number | undefined;
}

/**
 * A Lambda function of this project. The AWS SDK goes into the bundle, so that what is tested is what runs; stack traces
 * name the source. Its role may write its own log group and nothing else: what more it needs, its user grants.
 */
export function nodeFunction(scope: Construct, id: string, props: NodeFunctionProps): LambdaFunction {
  const logGroup = keptLogs(scope, `${id}Logs`);
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  return new LambdaFunction(scope, id, {
    code: bundleOf(props.entry, props.files),
    handler: `index.${props.handler ?? 'handler'}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(props.timeoutSeconds),
    memorySize: props.memoryMegabytes,
    environment: fitting(id, { NODE_OPTIONS: '--enable-source-maps', ...props.environment }),
    ...(props.retryAttempts !== undefined && { retryAttempts: props.retryAttempts }),
    ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
    role,
    logGroup,
  });
}

/** "For all environment variables associated with a function, in aggregate" (Lambda developer guide, "Lambda quotas"). */
const ENVIRONMENT_BYTES_MAX = 4_096;

/** @throws MigrationError SETTINGS_INVALID if Lambda would refuse the function for the size of its variables. */
function fitting(id: string, environment: Record<string, string>): Record<string, string> {
  const bytes = Buffer.byteLength(JSON.stringify(environment));
  if (bytes <= ENVIRONMENT_BYTES_MAX) return environment;
  const message = `The variables of the function ${id} take ${bytes} bytes; Lambda allows ${ENVIRONMENT_BYTES_MAX}.`;
  throw new MigrationError('SETTINGS_INVALID', message, {
    nextStep: 'Use shorter names in migration.environments.NAME in cdk.json.',
  });
}

/**
 * A log group that outlives the stack, unless the stack's creation is rolled back.
 *
 * @param logGroupName by default CloudFormation's choice.
 */
export function keptLogs(scope: Construct, id: string, logGroupName?: string): LogGroup {
  return new LogGroup(scope, id, {
    ...(logGroupName !== undefined && { logGroupName }),
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
}

/**
 * A name for the log group of a service that delivers logs by CloudWatch's resource policy. For every group of another name
 * such a service adds to that policy, which has room for 5,120 characters in an account and region; `/aws/vendedlogs/` is
 * covered as a whole (CloudWatch Logs User Guide, "Logs sent to CloudWatch Logs: resource policy size limit"). The end of
 * the stack's id keeps it apart from the group that an earlier stack has left behind.
 */
export function vendedLogName(scope: Construct, suffix: string): string {
  const stack = Stack.of(scope);
  const uuid = Fn.select(2, Fn.split('/', stack.stackId));
  return `/aws/vendedlogs/${stack.stackName}-${Fn.select(4, Fn.split('-', uuid))}/${suffix}`;
}

/** The bundle of one entry. esbuild is called directly; CDK's NodejsFunction starts it by npx, once a function. */
function bundleOf(entry: string, files: Readonly<Record<string, string>> = {}): AssetCode {
  return Code.fromAsset(PACKAGE_ROOT, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run, since the local bundler below never declines. The command only tells the bundles apart for CDK's cache.
      image: DockerImage.fromRegistry('unused'),
      command: [entry, JSON.stringify(files)],
      local: {
        tryBundle(outputDirectory) {
          buildSync({
            absWorkingDir: PACKAGE_ROOT,
            entryPoints: [handlerFile(entry)],
            outfile: `${outputDirectory}/index.js`,
            bundle: true,
            platform: 'node',
            format: 'cjs',
            target: 'node24',
            sourcemap: true,
            logLevel: 'warning',
          });
          for (const [name, content] of Object.entries(files)) writeFileSync(join(outputDirectory, name), content);
          return true;
        },
      },
    },
  });
}
