/** The router and what it may do: invoke one endpoint and ask how it is. */
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Environment } from '../environments/schema.ts';
import type { GpuEndpoint } from './gpu-endpoint.ts';
import { ServiceFunction } from './service-function.ts';

export interface RouterFunctionProps {
  readonly endpoint: GpuEndpoint;
  readonly inputs: Environment['model']['inputs'];
  readonly reservedConcurrency: number;
  readonly logRetentionDays: RetentionDays;
  readonly logKey: IKey;
}

export class RouterFunction extends Construct {
  readonly function: ServiceFunction;

  constructor(scope: Construct, id: string, { endpoint, inputs, ...props }: RouterFunctionProps) {
    super(scope, id);
    this.function = new ServiceFunction(this, 'Function', {
      ...props,
      folder: 'router',
      // An HTTP API waits at most 30 s.
      timeout: Duration.seconds(29),
      memoryMiB: 1024,
      environment: { ENDPOINT_NAME: endpoint.endpointName, ...sizes(inputs) },
    });
    this.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['sagemaker:InvokeEndpoint', 'sagemaker:DescribeEndpoint'],
        resources: [endpoint.endpointArn],
      }),
    );
  }
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
