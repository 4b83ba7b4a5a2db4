/** The router and what it may do: invoke the endpoints, ask how they are, and keep requests that are answered later. */
import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Environment } from '../environments/schema.ts';
import type { GpuEndpoint } from './gpu-endpoint.ts';
import type { RequestBucket } from './request-bucket.ts';
import { type FunctionSurroundings, ServiceFunction } from './service-function.ts';

export interface RouterFunctionProps {
  readonly surroundings: FunctionSurroundings;
  readonly endpoint: GpuEndpoint;
  readonly mode: Environment['endpoint']['mode'];
  /** Takes what the endpoint cannot. */
  readonly overflow: GpuEndpoint | undefined;
  readonly requests: RequestBucket | undefined;
  readonly inputs: Environment['model']['inputs'];
  readonly reservedConcurrency: number;
}

export class RouterFunction extends Construct {
  readonly function: ServiceFunction;

  constructor(scope: Construct, id: string, props: RouterFunctionProps) {
    super(scope, id);
    this.function = new ServiceFunction(this, 'Function', {
      ...props.surroundings,
      reservedConcurrency: props.reservedConcurrency,
      folder: 'router',
      // API Gateway waits at most 30 s, a REST API 29 s.
      timeout: Duration.seconds(29),
      memoryMiB: 1024,
      environment: variables(props),
    });
    this.allowEndpoints(props);
    if (later(props)) props.requests?.grantRouting(this.function);
  }

  private allowEndpoints(props: RouterFunctionProps): void {
    const { endpoint, mode, overflow } = props;
    const invoke = mode === 'async' ? 'sagemaker:InvokeEndpointAsync' : 'sagemaker:InvokeEndpoint';
    const component = endpoint.component ? [endpoint.component.componentArn] : [];
    this.allow([invoke], [endpoint.endpointArn, ...component]);
    this.allow(['sagemaker:DescribeEndpoint'], [endpoint.endpointArn]);
    if (overflow) this.allow(['sagemaker:InvokeEndpointAsync'], [overflow.endpointArn]);
  }

  private allow(actions: string[], resources: string[]): void {
    this.function.addToRolePolicy(new PolicyStatement({ actions, resources }));
  }
}

/** Whether some requests are answered later. */
function later({ mode, overflow }: RouterFunctionProps): boolean {
  return mode === 'async' || overflow !== undefined;
}

function variables(props: RouterFunctionProps): Record<string, string> {
  const { endpoint, mode, overflow, requests, inputs } = props;
  const models = endpoint.component && { default: { inferenceComponent: endpoint.component.componentName } };
  return {
    ENDPOINT_NAME: endpoint.endpointName,
    ENDPOINT_MODE: mode === 'async' ? 'async' : 'real-time',
    BUCKET_OWNER: Aws.ACCOUNT_ID,
    ...(overflow && { ASYNC_ENDPOINT_NAME: overflow.endpointName }),
    ...(later(props) && requests && { ASYNC_S3_URI: requests.uri('async/') }),
    ...(models && { MODELS: JSON.stringify(models) }),
    ...sizes(inputs),
  };
}

function sizes(inputs: Environment['model']['inputs']): Record<string, string> {
  if (!inputs) return {};
  return {
    IN0_VOCABULARY_SIZE: `${inputs.in0.vocabularySize}`,
    IN0_MAX_SEQ_LEN: `${inputs.in0.maxSeqLen}`,
    IN1_VOCABULARY_SIZE: `${inputs.in1.vocabularySize}`,
    IN1_MAX_SEQ_LEN: `${inputs.in1.maxSeqLen}`,
    ...(inputs.in0.text && { IN0_TEXT: 'true' }),
    ...(inputs.in1.text && { IN1_TEXT: 'true' }),
  };
}
