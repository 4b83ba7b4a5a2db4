/** The router and what it may do: invoke the endpoints, ask how they are, and keep requests that are answered later. */
import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { LIMITS } from '#core/limits.ts';
import type { Api } from '../environments/api-fields.ts';
import type { Environment } from '../environments/schema.ts';
import type { GpuEndpoint } from './gpu-endpoint.ts';
import type { RequestBucket } from './request-bucket.ts';
import { type FunctionSurroundings, ServiceFunction } from './service-function.ts';

export interface RouterFunctionProps {
  readonly surroundings: FunctionSurroundings;
  readonly endpoint: GpuEndpoint;
  readonly api: Api;
  /**
   * Takes what the endpoint cannot.
   *
   * @default it is refused
   */
  readonly overflow: GpuEndpoint | undefined;
  /**
   * Where requests wait that are answered later; needed by those.
   *
   * @default there are none
   */
  readonly requests: RequestBucket | undefined;
  /** @default ids are checked for their form only; the model knows better */
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
      // Sooner than API Gateway gives up.
      timeout: Duration.seconds(patienceSeconds(props.api) - 1),
      memoryMiB: 1024,
      environment: variables(props),
    });
    this.allowEndpoints(props);
    if (later(props)) props.requests?.grantRouting(this.function);
  }

  private allowEndpoints(props: RouterFunctionProps): void {
    const { endpoint, overflow } = props;
    const invoke = endpoint.mode === 'async' ? 'sagemaker:InvokeEndpointAsync' : 'sagemaker:InvokeEndpoint';
    const component = endpoint.component ? [endpoint.component.componentArn] : [];
    this.allow([invoke], [endpoint.endpointArn, ...component]);
    this.allow(['sagemaker:DescribeEndpoint'], [endpoint.endpointArn]);
    if (overflow) this.allow(['sagemaker:InvokeEndpointAsync'], [overflow.endpointArn]);
  }

  private allow(actions: string[], resources: string[]): void {
    this.function.addToRolePolicy(new PolicyStatement({ actions, resources }));
  }
}

function patienceSeconds({ kind }: Api): number {
  return (kind === 'rest' ? LIMITS.restApiSeconds : LIMITS.httpApiSeconds).value;
}

/** Whether some requests are answered later. */
function later({ endpoint, overflow }: RouterFunctionProps): boolean {
  return endpoint.mode === 'async' || overflow !== undefined;
}

function variables(props: RouterFunctionProps): Record<string, string> {
  const { endpoint, api, overflow, requests, inputs } = props;
  const models = endpoint.component && { default: { inferenceComponent: endpoint.component.componentName } };
  return {
    ENDPOINT_NAME: endpoint.endpointName,
    ENDPOINT_MODE: endpoint.mode === 'async' ? 'async' : 'real-time',
    BUCKET_OWNER: Aws.ACCOUNT_ID,
    ...(overflow && { ASYNC_ENDPOINT_NAME: overflow.endpointName }),
    ...(later(props) && requests && { ASYNC_S3_URI: requests.uri('async/') }),
    ...(models && { MODELS: JSON.stringify(models) }),
    // An HTTP API names the pages by itself.
    ...(api.kind === 'rest' && api.cors && { CORS_ORIGINS: api.cors.origins.join(',') }),
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
