/** The model as a component: copies of it are placed on the endpoint's instances, none at all when nobody calls. */
import { Stack } from 'aws-cdk-lib';
import { type CfnEndpoint, CfnInferenceComponent } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { Endpoint } from '../environments/endpoint-fields.ts';
import { componentDeployment } from './deployment-config.ts';
import { VARIANT } from './endpoint-metrics.ts';
import type { GpuModel } from './gpu-model.ts';

export interface InferenceComponentProps {
  readonly endpoint: CfnEndpoint;
  readonly endpointName: string;
  readonly model: GpuModel;
  readonly hosting: Extract<Endpoint, { mode: 'components' }>;
  /** Names of alarms that send a deployment back. */
  readonly rollback: readonly string[];
}

export class InferenceComponent extends Construct {
  /** Stable: callers name it, and it is updated in place. */
  readonly componentName: string;
  readonly componentArn: string;

  constructor(scope: Construct, id: string, props: InferenceComponentProps) {
    super(scope, id);
    const { hosting, model } = props;
    const { perCopy } = hosting;
    this.componentName = `${props.endpointName}-model`;
    this.componentArn = Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'inference-component',
      resourceName: this.componentName,
    });
    const component = new CfnInferenceComponent(this, 'Component', {
      inferenceComponentName: this.componentName,
      endpointName: props.endpointName,
      variantName: VARIANT,
      specification: {
        modelName: model.modelName,
        computeResourceRequirements: {
          minMemoryRequiredInMb: perCopy.memoryMib,
          ...(perCopy.gpus === undefined ? {} : { numberOfAcceleratorDevicesRequired: perCopy.gpus }),
          ...(perCopy.cpus === undefined ? {} : { numberOfCpuCoresRequired: perCopy.cpus }),
        },
        startupParameters: {
          containerStartupHealthCheckTimeoutInSeconds: hosting.startupTimeoutSeconds,
          modelDataDownloadTimeoutInSeconds: hosting.modelDownloadTimeoutSeconds,
        },
      },
      runtimeConfig: { copyCount: Math.max(hosting.copies.min, 1) },
      deploymentConfig: componentDeployment(hosting.deployment, props.rollback),
    });
    component.node.addDependency(props.endpoint);
  }
}
