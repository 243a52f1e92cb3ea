import { AssetHashType, DockerImage, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type AssetCode, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { handlerFile, PACKAGE_ROOT } from './package-layout.ts';

export interface NodeFunctionProps {
  /** Name of the file under functions/ whose exports are the handlers. */
  readonly entry: string;
  readonly handler?: string;
  readonly environment?: Record<string, string>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** How often Lambda tries an event again that nobody waits for; 2 unless told. */
  readonly retryAttempts?: number;
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
    code: bundleOf(props.entry),
    handler: `index.${props.handler ?? 'handler'}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(props.timeoutSeconds),
    memorySize: props.memoryMegabytes,
    environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
    ...(props.retryAttempts !== undefined && { retryAttempts: props.retryAttempts }),
    role,
    logGroup,
  });
}

/** A log group that outlives the stack, unless the stack's creation is rolled back. CloudFormation gives it its name. */
export function keptLogs(scope: Construct, id: string): LogGroup {
  return new LogGroup(scope, id, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
}

/** The bundle of one entry. esbuild is called directly; CDK's NodejsFunction starts it by npx, once a function. */
function bundleOf(entry: string): AssetCode {
  return Code.fromAsset(PACKAGE_ROOT, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run, since the local bundler below never declines. The command only tells the bundles apart for CDK's cache.
      image: DockerImage.fromRegistry('unused'),
      command: [entry],
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
          return true;
        },
      },
    },
  });
}
