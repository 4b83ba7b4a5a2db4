/**
 * A Lambda of ours: bundled from lambdas/ as one minified ES module, on the Node that everything else runs on, with a
 * role that may write its own log group and nothing else until the stack says so.
 */
import { join } from 'node:path';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { PrivateNetwork } from './private-network.ts';
import { REPOSITORY_ROOT } from './repository.ts';
import { ownService } from './trust.ts';

/** What all functions of a deployment have in common. */
export interface FunctionSurroundings {
  readonly logRetentionDays: RetentionDays;
  /** Encrypts logs and environment variables. */
  readonly logKey: IKey;
  /** @default no VPC */
  readonly network?: PrivateNetwork | undefined;
}

export interface ServiceFunctionProps extends FunctionSurroundings {
  /** Folder below lambdas/ whose handler.ts exports `handler`. */
  readonly folder: string;
  readonly timeout: Duration;
  readonly memoryMiB: number;
  readonly reservedConcurrency: number;
  readonly environment: Record<string, string>;
}

/** Some packages in the bundle are CommonJS and ask for built-ins, which an ES module has no `require` for. */
export const BUNDLE_BANNER = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

export class ServiceFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: props.logRetentionDays,
      encryptionKey: props.logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, { assumedBy: ownService(scope, 'lambda.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    props.network?.grantInterfaces(role);
    super(scope, id, {
      entry: join(REPOSITORY_ROOT, 'lambdas', props.folder, 'handler.ts'),
      depsLockFilePath: join(REPOSITORY_ROOT, 'package-lock.json'),
      projectRoot: REPOSITORY_ROOT,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      timeout: props.timeout,
      memorySize: props.memoryMiB,
      reservedConcurrentExecutions: props.reservedConcurrency,
      ...(props.network ? { vpc: props.network.vpc, securityGroups: [props.network.securityGroup] } : {}),
      environmentEncryption: props.logKey,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: props.folder,
        ...props.environment,
      },
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        minify: true,
        sourceMap: true,
        sourcesContent: false,
        mainFields: ['module', 'main'],
        banner: BUNDLE_BANNER,
        // The SDK goes into the bundle: pinned by our lock file, and only the calls that are used.
        bundleAwsSDK: true,
      },
    });
  }
}
