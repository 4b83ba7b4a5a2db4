/**
 * A SageMaker model: the image, the trained archive and a role that may read exactly what this model needs. The
 * container itself gets no network and so no credentials; the platform moves the data.
 */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { ModelArtifact } from './model-artifact.ts';
import type { PrivateNetwork } from './private-network.ts';
import type { ServingImage } from './serving-image.ts';
import { ownService } from './trust.ts';

export interface GpuModelProps {
  readonly image: ServingImage;
  readonly artifact: ModelArtifact;
  /** Log groups that the role may write, as a path below /aws/sagemaker. */
  readonly logGroup: string;
  /**
   * Settings of the server (docs/serving.md).
   *
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default no VPC; the platform reads the archive over its own network */
  readonly network?: PrivateNetwork | undefined;
}

export class GpuModel extends Construct {
  /** Left to CloudFormation: a model is replaced, never changed, and a fixed name would stand in its own way. */
  readonly modelName: string;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: GpuModelProps) {
    super(scope, id);
    const { image, artifact, environment = {}, network } = props;
    this.role = new Role(this, 'Role', { assumedBy: ownService(this, 'sagemaker.amazonaws.com', '*') });
    image.grantPull(this.role);
    artifact.grantRead(this.role);
    allowSageMakerLogs(this.role, props.logGroup);
    network?.grantInterfaces(this.role);
    const model = new CfnModel(this, 'Model', {
      executionRoleArn: this.role.roleArn,
      enableNetworkIsolation: true,
      primaryContainer: {
        image: image.uri,
        modelDataUrl: artifact.s3Uri,
        ...(Object.keys(environment).length > 0 ? { environment } : {}),
      },
      ...(network ? { vpcConfig: network.configuration } : {}),
    });
    // CreateModel checks that the role can read the archive, so the policy has to be there first.
    model.node.addDependency(this.role);
    this.modelName = model.attrModelName;
  }
}

/** Writing the logs of an endpoint or of jobs; the group is made by SageMaker. */
export function allowSageMakerLogs(role: Role, logGroup: string): void {
  const arn = Stack.of(role).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: `/aws/sagemaker/${logGroup}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      resources: [arn],
    }),
  );
}
