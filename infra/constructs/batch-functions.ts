/** Validator and orchestrator, and what each may touch: the one reads input, the other submits jobs and counts. */
import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Environment } from '../environments/schema.ts';
import type { DataBuckets } from './data-buckets.ts';
import { type FunctionSurroundings, ServiceFunction } from './service-function.ts';

export interface BatchFunctionsProps {
  readonly buckets: DataBuckets;
  readonly key: IKey;
  readonly jobNames: readonly string[];
  readonly reservedConcurrency: Environment['reservedConcurrency'];
  readonly surroundings: FunctionSurroundings;
}

/** Objects in which a run names the files that it runs again. */
export const RETRY_MANIFESTS = '*/retry-*.json';

/** The longest that Lambda allows: both functions read every byte of what can be large objects. */
const TIMEOUT = Duration.minutes(15);

export class BatchFunctions extends Construct {
  readonly validator: ServiceFunction;
  readonly orchestrator: ServiceFunction;

  constructor(scope: Construct, id: string, props: BatchFunctionsProps) {
    super(scope, id);
    const { buckets, key, reservedConcurrency } = props;
    const common = {
      timeout: TIMEOUT,
      memoryMiB: 1769,
      environment: { BUCKET_OWNER: Aws.ACCOUNT_ID },
      ...props.surroundings,
    };
    this.validator = new ServiceFunction(this, 'Validator', {
      ...common,
      folder: 'validator',
      reservedConcurrency: reservedConcurrency.validator,
    });
    this.orchestrator = new ServiceFunction(this, 'Orchestrator', {
      ...common,
      folder: 'orchestrator',
      reservedConcurrency: reservedConcurrency.orchestrator,
    });
    allowReading(this.validator, buckets.input);
    allowReading(this.orchestrator, buckets.input);
    allowReading(this.orchestrator, buckets.output);
    allowDecrypting(this.validator, key);
    this.allowManifests(buckets.output, key);
    this.allowJobs(props.jobNames);
  }

  private allowManifests(output: Bucket, key: IKey): void {
    this.orchestrator.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: ['*/manifest.json', RETRY_MANIFESTS].map((name) => output.arnForObjects(name)),
      }),
    );
    allowDecrypting(this.orchestrator, key);
    this.orchestrator.addToRolePolicy(
      new PolicyStatement({ actions: ['kms:GenerateDataKey'], resources: [key.keyArn] }),
    );
  }

  private allowJobs(jobNames: readonly string[]): void {
    if (jobNames.length === 0) return;
    const resources = jobNames.map((name) =>
      Stack.of(this).formatArn({ service: 'sagemaker', resource: 'transform-job', resourceName: `${name}-*` }),
    );
    this.orchestrator.addToRolePolicy(
      new PolicyStatement({
        // A job is made with its tags.
        actions: ['sagemaker:AddTags', 'sagemaker:CreateTransformJob', 'sagemaker:DescribeTransformJob'],
        resources,
      }),
    );
  }
}

function allowReading(reader: ServiceFunction, bucket: Bucket): void {
  reader.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }));
  reader.addToRolePolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects('*')] }));
}

function allowDecrypting(reader: ServiceFunction, key: IKey): void {
  reader.addToRolePolicy(new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] }));
}
