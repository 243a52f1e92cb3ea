import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface NodeFunctionProps {
  /** File under functions/ whose exports are the handlers. */
  readonly entry: string;
  readonly handler?: string;
  readonly environment?: Record<string, string>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** How often Lambda tries an event again that nobody waits for; 2 unless told. */
  readonly retryAttempts?: number;
}

const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * A Lambda function of this project. The AWS SDK goes into the bundle, so that what is tested is what runs; stack traces
 * name the source. Its role may write its own log group and nothing else: what more it needs, its user grants.
 */
export function nodeFunction(scope: Construct, id: string, props: NodeFunctionProps): NodejsFunction {
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  return new NodejsFunction(scope, id, {
    entry: `${PROJECT_ROOT}functions/${props.entry}`,
    handler: props.handler ?? 'handler',
    projectRoot: PROJECT_ROOT,
    depsLockFilePath: `${PROJECT_ROOT}package-lock.json`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(props.timeoutSeconds),
    memorySize: props.memoryMegabytes,
    environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
    ...(props.retryAttempts !== undefined && { retryAttempts: props.retryAttempts }),
    role,
    logGroup,
    bundling: { bundleAwsSDK: true, format: OutputFormat.CJS, sourceMap: true, target: 'node24' },
  });
}
