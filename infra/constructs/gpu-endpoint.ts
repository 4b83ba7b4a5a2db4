/**
 * An endpoint under a stable name: real-time, asynchronous, or one that hosts the model as a component and can go down to
 * no instances. Configuration and model are replaced beneath it by CloudFormation, so clients and permissions never
 * change; a deployment that rings an alarm goes back by itself.
 */
import { Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { Endpoint } from '../environments/endpoint-fields.ts';
import { endpointDeployment } from './deployment-config.ts';
import { EndpointAlarms } from './endpoint-alarms.ts';
import { EndpointConfig } from './endpoint-config.ts';
import { EndpointScaling } from './endpoint-scaling.ts';
import type { GpuModel } from './gpu-model.ts';
import { InferenceComponent } from './inference-component.ts';
import type { PrivateNetwork } from './private-network.ts';
import type { RequestBucket } from './request-bucket.ts';

export interface GpuEndpointProps {
  /** Stable: callers and permissions name it. */
  readonly endpointName: string;
  readonly model: GpuModel;
  /** Of which kind, on what, how many, and how a new model takes over. */
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

export class GpuEndpoint extends Construct {
  readonly endpointName: string;
  readonly endpointArn: string;
  readonly mode: Endpoint['mode'];
  readonly alarms: EndpointAlarms;
  /** Of a component-hosted endpoint: what a caller has to name. */
  readonly component: InferenceComponent | undefined;

  constructor(scope: Construct, id: string, props: GpuEndpointProps) {
    super(scope, id);
    const { endpointName, hosting, model } = props;
    this.endpointName = endpointName;
    this.mode = hosting.mode;
    this.endpointArn = Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'endpoint',
      resourceName: endpointName,
    });
    this.alarms = new EndpointAlarms(this, 'Alarms', { endpointName, mode: hosting.mode });
    const rollback = this.alarms.rollback.map(({ alarmName }) => alarmName);
    const { config } = new EndpointConfig(this, 'Configuration', props);
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName,
      endpointConfigName: config.attrEndpointConfigName,
      // Of a component the copies are replaced, under the component's own deployment.
      ...(hosting.mode === 'components' ? {} : { deploymentConfig: endpointDeployment(hosting.deployment, rollback) }),
      // Without it, every deployment would set the number of instances back under the feet of autoscaling.
      ...(hosting.scaling && hosting.mode !== 'components' ? { retainAllVariantProperties: true } : {}),
    });
    endpoint.node.addDependency(model);
    if (hosting.mode === 'components') {
      this.component = new InferenceComponent(this, 'Component', { endpoint, endpointName, model, hosting, rollback });
    }
    if (hosting.scaling) {
      new EndpointScaling(this, 'Scaling', { endpointName, hosting, scaled: this.component ?? endpoint });
    }
  }
}
