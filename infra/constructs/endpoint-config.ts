/** The configuration of an endpoint: which instances host what, and where requests are kept. Its name is left to CloudFormation. */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { Endpoint } from '../environments/endpoint-fields.ts';
import { VARIANT } from './endpoint-metrics.ts';
import type { GpuModel } from './gpu-model.ts';
import { hasGpu, hasLocalStorage } from './instance-type.ts';
import type { PrivateNetwork } from './private-network.ts';
import type { RequestBucket } from './request-bucket.ts';

export interface EndpointConfigProps {
  readonly model: GpuModel;
  readonly hosting: Endpoint;
  /** Encrypts the instance's volume, where the type has one that takes a key. */
  readonly volumeKey: IKey;
  /**
   * Where asynchronous answers and captured requests go; needed by those.
   *
   * @default nothing is kept
   */
  readonly requests: RequestBucket | undefined;
  /** @default no VPC */
  readonly network?: PrivateNetwork | undefined;
}

/** NVIDIA driver 550 and CUDA 12.4; the wheel's CUDA 12 libraries run on it. */
const GPU_AMI = 'al2-ami-sagemaker-inference-gpu-3-1';

export class EndpointConfig extends Construct {
  readonly config: CfnEndpointConfig;

  constructor(scope: Construct, id: string, props: EndpointConfigProps) {
    super(scope, id);
    const { hosting, model, network } = props;
    this.config = new CfnEndpointConfig(this, 'Config', {
      productionVariants: [{ ...hosts(hosting), ...capacity(hosting, model) }],
      ...(hosting.mode === 'components' ? this.isolation(model, network) : {}),
      ...(hasLocalStorage(hosting.instanceType) ? {} : { kmsKeyId: props.volumeKey.keyArn }),
      ...keptRequests(props),
    });
  }

  /** Of a component the configuration, not the model, decides about the network. */
  private isolation(model: GpuModel, network: PrivateNetwork | undefined) {
    return {
      executionRoleArn: model.role.roleArn,
      enableNetworkIsolation: true,
      ...(network ? { vpcConfig: network.configuration } : {}),
    };
  }
}

function hosts(hosting: Endpoint): Omit<CfnEndpointConfig.ProductionVariantProperty, 'modelName'> {
  const { instanceType, volumeGib, amiVersion } = hosting;
  const ami = amiVersion ?? (hasGpu(instanceType) ? GPU_AMI : undefined);
  return {
    variantName: VARIANT,
    instanceType,
    containerStartupHealthCheckTimeoutInSeconds: hosting.startupTimeoutSeconds,
    modelDataDownloadTimeoutInSeconds: hosting.modelDownloadTimeoutSeconds,
    ...(volumeGib === undefined ? {} : { volumeSizeInGb: volumeGib }),
    ...(ami === undefined ? {} : { inferenceAmiVersion: ami }),
  };
}

function capacity(hosting: Endpoint, model: GpuModel): Partial<CfnEndpointConfig.ProductionVariantProperty> {
  if (hosting.mode === 'components') {
    const { min, max } = hosting.instances;
    return {
      initialInstanceCount: Math.max(min, 1),
      managedInstanceScaling: { status: 'ENABLED', minInstanceCount: min, maxInstanceCount: max },
      routingConfig: { routingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
    };
  }
  return {
    modelName: model.modelName,
    initialInstanceCount: hosting.instanceCount,
    initialVariantWeight: 1,
    ...(hosting.mode === 'realtime' ? { routingConfig: { routingStrategy: ROUTING[hosting.routing] } } : {}),
  };
}

/** Requests differ in size by orders of magnitude; random routing would queue behind the large ones. */
const ROUTING = { leastOutstanding: 'LEAST_OUTSTANDING_REQUESTS', random: 'RANDOM' } as const;

function keptRequests({ hosting, requests }: EndpointConfigProps) {
  if (hosting.mode === 'async') {
    const places = needed(requests);
    return {
      asyncInferenceConfig: {
        clientConfig: { maxConcurrentInvocationsPerInstance: hosting.concurrentPerInstance },
        outputConfig: {
          s3OutputPath: places.uri('async/outputs/'),
          s3FailurePath: places.uri('async/failures/'),
          kmsKeyId: places.keyArn,
        },
      },
    };
  }
  if (hosting.mode === 'components' || hosting.capture === undefined) return {};
  const places = needed(requests);
  return {
    dataCaptureConfig: {
      enableCapture: true,
      initialSamplingPercentage: hosting.capture.percent,
      destinationS3Uri: places.uri('capture/'),
      captureOptions: [{ captureMode: 'Input' }, { captureMode: 'Output' }],
      // Otherwise every line would be base64.
      captureContentTypeHeader: { jsonContentTypes: ['application/json', 'application/jsonlines'] },
      kmsKeyId: places.keyArn,
    },
  };
}

function needed(requests: RequestBucket | undefined): RequestBucket {
  if (requests) return requests;
  throw new Error('This is a bug: an endpoint that keeps requests has no bucket for them.');
}
