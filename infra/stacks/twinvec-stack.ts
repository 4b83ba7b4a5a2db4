/**
 * One deployment, wired. One stack and not several: the models are replaced at every release, and CloudFormation
 * refuses to replace what another stack has imported.
 */
import { type CfnElement, CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { BatchTransforms } from '../constructs/batch-transforms.ts';
import { DataBuckets } from '../constructs/data-buckets.ts';
import { EncryptionKey } from '../constructs/encryption-key.ts';
import { GpuEndpoint } from '../constructs/gpu-endpoint.ts';
import { GpuModel } from '../constructs/gpu-model.ts';
import { InferenceApi } from '../constructs/inference-api.ts';
import { ModelArtifact } from '../constructs/model-artifact.ts';
import { NoticeTopic } from '../constructs/notice-topic.ts';
import { Observability } from '../constructs/observability.ts';
import { PrivateNetwork } from '../constructs/private-network.ts';
import { RequestBucket } from '../constructs/request-bucket.ts';
import { RouterFunction } from '../constructs/router-function.ts';
import type { FunctionSurroundings } from '../constructs/service-function.ts';
import { ServingImage } from '../constructs/serving-image.ts';
import { TrainingPipeline } from '../constructs/training-pipeline.ts';
import { costTags } from '../cost-tags.ts';
import type { Endpoint } from '../environments/endpoint-fields.ts';
import type { Environment } from '../environments/schema.ts';

export interface TwinvecStackProps extends StackProps {
  readonly environment: Environment;
}

export class TwinvecStack extends Stack {
  readonly buckets: DataBuckets;
  readonly requests: RequestBucket | undefined;
  readonly endpointName: string;
  private readonly environmentOf: Environment;
  private readonly key: EncryptionKey;
  private readonly image: ServingImage;
  private readonly artifact: ModelArtifact;
  private readonly surroundings: FunctionSurroundings;
  private readonly notices: NoticeTopic;
  private readonly alarms: Alarm[] = [];

  constructor(scope: Construct, id: string, { environment, ...props }: TwinvecStackProps) {
    super(scope, id, props);
    const { keepData, model } = environment;
    this.environmentOf = environment;
    this.key = new EncryptionKey(this, 'Key', { keepData });
    this.image = new ServingImage(this, 'Image', environment.image);
    this.artifact = new ModelArtifact(this, 'Artifact', { archive: model.archive });
    this.buckets = new DataBuckets(this, 'Data', { key: this.key, keepData });
    this.requests = keepsRequests(environment)
      ? new RequestBucket(this, 'Kept', { key: this.key, accessLogs: this.buckets.accessLogs })
      : undefined;
    this.surroundings = this.createSurroundings();
    this.notices = new NoticeTopic(this, 'Notices', { key: this.key, emails: environment.alarmEmails });

    this.endpointName = `twinvec-${environment.name}`;
    const endpoint = this.createEndpoint('Endpoint', this.endpointName, environment.endpoint);
    const { overflow: large } = environment;
    const overflow = large && this.createEndpoint('Overflow', `${this.endpointName}-async`, large);
    const url = this.createApi(endpoint, overflow);
    const { stateMachineArn } = this.createBatch();
    this.createObservability(overflow);

    new CfnOutput(this, 'ApiUrl', { value: url, description: 'POST /invocations, GET /health' });
    new CfnOutput(this, 'EndpointName', { value: endpoint.endpointName });
    new CfnOutput(this, 'InputBucket', { value: this.buckets.input.bucketName });
    new CfnOutput(this, 'OutputBucket', { value: this.buckets.output.bucketName });
    new CfnOutput(this, 'TransformStateMachine', { value: stateMachineArn });
  }

  /** As for a stack of no region: CDK would otherwise ask the account for its zones at synth. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }

  /** The name that a resource has in the template. */
  logicalIdOf({ node }: Construct): string {
    return this.getLogicalId(node.defaultChild as CfnElement);
  }

  private createSurroundings(): FunctionSurroundings {
    const { vpc, logRetentionDays } = this.environmentOf;
    const logs = { logRetentionDays, logKey: this.key };
    if (!vpc) return logs;
    const { input, output } = this.buckets;
    const kept = this.requests ? [this.requests.bucket.bucketArn] : [];
    const bucketArns = [input.bucketArn, output.bucketArn, this.artifact.bucketArn, ...kept];
    return { ...logs, network: new PrivateNetwork(this, 'Network', { ...vpc, ...logs, bucketArns }) };
  }

  private createEndpoint(id: string, endpointName: string, hosting: Endpoint): GpuEndpoint {
    const { network } = this.surroundings;
    const logs =
      hosting.mode === 'components' ? `InferenceComponents/${endpointName}-model` : `Endpoints/${endpointName}`;
    const model = new GpuModel(this, `${id}Model`, {
      image: this.image,
      artifact: this.artifact,
      logGroup: logs,
      environment: { ...(hosting.mode === 'async' ? LARGE_BODIES : {}), ...this.environmentOf.model.environment },
      network,
    });
    if (hosting.mode === 'async') this.requests?.grantAnswering(model.role);
    else if (keeps(hosting)) this.requests?.grantCapturing(model.role);
    const { key: volumeKey, requests } = this;
    const endpoint = new GpuEndpoint(this, id, { endpointName, model, hosting, volumeKey, requests, network });
    this.alarms.push(...endpoint.alarms.all);
    return endpoint;
  }

  private createApi(endpoint: GpuEndpoint, overflow: GpuEndpoint | undefined): string {
    const { api, model, reservedConcurrency } = this.environmentOf;
    const { surroundings, requests } = this;
    const { function: router } = new RouterFunction(this, 'Router', {
      surroundings,
      endpoint,
      api,
      overflow,
      requests,
      inputs: model.inputs,
      reservedConcurrency: reservedConcurrency.router,
    });
    return new InferenceApi(this, 'InferenceApi', { router, api, surroundings }).url;
  }

  private createBatch(): BatchTransforms {
    const { image, artifact, buckets, key, notices, surroundings, environmentOf: environment } = this;
    const props = { environment, image, artifact, buckets, key, notices, surroundings };
    const batch = new BatchTransforms(this, 'Batch', props);
    this.alarms.push(...batch.alarms);
    return batch;
  }

  private createObservability(overflow: GpuEndpoint | undefined): void {
    const { image, buckets, key, notices, surroundings, environmentOf: environment, endpointName, alarms } = this;
    const { training } = environment;
    if (training) {
      const props = { training, image, buckets, key, notices, tags: costTags(environment), surroundings };
      const pipeline = new TrainingPipeline(this, 'Training', props);
      alarms.push(...pipeline.alarms);
      new CfnOutput(this, 'TrainingStateMachine', { value: pipeline.stateMachineArn });
    }
    const endpoints = [
      { endpointName, mode: environment.endpoint.mode },
      ...(overflow ? [{ endpointName: overflow.endpointName, mode: 'async' as const }] : []),
    ];
    new Observability(this, 'Observability', {
      endpoints,
      alarms,
      notices,
      monthlyUsd: environment.budget?.monthlyUsd,
    });
    new CfnOutput(this, 'NoticeTopicArn', { value: notices.topicArn });
  }
}

/** The server's own limit is that of real-time calls; SageMaker sends asynchronous endpoints up to 1 GB. */
const LARGE_BODIES = { TWINVEC_MAX_BODY_MB: `${LIMITS.asyncInput.value / mebibytes(1)}` };

/** Whether an endpoint puts requests or answers into a bucket. */
function keeps(hosting: Endpoint): boolean {
  return hosting.mode === 'async' || (hosting.mode === 'realtime' && hosting.capture !== undefined);
}

function keepsRequests({ endpoint, overflow }: Environment): boolean {
  return keeps(endpoint) || overflow !== undefined;
}
