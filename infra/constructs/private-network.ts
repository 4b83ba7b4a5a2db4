/**
 * A VPC without a way to the internet: subnets of two or three zones, S3 through a gateway that knows these buckets only,
 * and interface endpoints for the calls that the functions make. Flow logs say who talked to whom.
 */
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, type IRole, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ownService } from './trust.ts';

export interface PrivateNetworkProps {
  readonly cidr: string;
  readonly availabilityZones: number;
  /** Buckets that can be reached. */
  readonly bucketArns: readonly string[];
  readonly logRetentionDays: RetentionDays;
  readonly logKey: IKey;
}

/** What the functions call; S3 has the gateway. */
const SERVICES = {
  SageMaker: InterfaceVpcEndpointAwsService.SAGEMAKER_API,
  Runtime: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
  Keys: InterfaceVpcEndpointAwsService.KMS,
  Notices: InterfaceVpcEndpointAwsService.SNS,
};

/** What SageMaker and Lambda need to put themselves into a VPC; EC2 lets most of it not be narrowed down. */
const INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:CreateNetworkInterfacePermission',
  'ec2:DeleteNetworkInterface',
  'ec2:DeleteNetworkInterfacePermission',
  'ec2:DescribeDhcpOptions',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
];

export class PrivateNetwork extends Construct {
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
  /** As models, endpoint configurations and training jobs take it. */
  readonly configuration: { readonly subnets: string[]; readonly securityGroupIds: string[] };

  constructor(scope: Construct, id: string, props: PrivateNetworkProps) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(props.cidr),
      maxAzs: props.availabilityZones,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
      // CDK would change the default group by a custom resource with a function of its own; nothing uses that group.
      restrictDefaultSecurityGroup: false,
    });
    // The cast: CDK's classes do not fit their own interfaces under exactOptionalPropertyTypes.
    this.vpc = vpc as IVpc;
    this.securityGroup = new SecurityGroup(this, 'Group', {
      vpc: vpc as IVpc,
      description: 'Twinvec: to the endpoints of AWS services, and nowhere else',
      allowAllOutbound: false,
    });
    this.configuration = {
      subnets: vpc.isolatedSubnets.map(({ subnetId }: ISubnet) => subnetId),
      securityGroupIds: [this.securityGroup.securityGroupId],
    };
    this.addEndpoints(vpc, props);
    this.addFlowLogs(vpc, props);
  }

  /** A service that runs in the VPC makes and removes network interfaces there with the role of what it runs. */
  grantInterfaces(role: Role): void {
    role.addToPolicy(new PolicyStatement({ actions: INTERFACE_ACTIONS, resources: ['*'] }));
  }

  private addEndpoints(vpc: Vpc, { bucketArns, cidr }: PrivateNetworkProps): void {
    const gateway = vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    gateway.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:AbortMultipartUpload'],
        resources: bucketArns.flatMap((arn) => [arn, `${arn}/*`]),
        conditions: { StringEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } },
      }),
    );
    // The gateway's addresses are a list of AWS's that cannot be known at synth; the route table has no other way out.
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'HTTPS, which routes lead to S3 and the VPC only');
    const services = new SecurityGroup(this, 'Services', {
      vpc: vpc as IVpc,
      description: 'Twinvec: interface endpoints',
      allowAllOutbound: false,
    });
    services.addIngressRule(Peer.ipv4(cidr), Port.tcp(443), 'HTTPS from inside the VPC');
    for (const [name, service] of Object.entries(SERVICES)) {
      const endpoint = vpc.addInterfaceEndpoint(name, { service, open: false, securityGroups: [services] });
      endpoint.addToPolicy(
        new PolicyStatement({
          principals: [new AnyPrincipal()],
          actions: ['*'],
          resources: ['*'],
          conditions: { StringEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } },
        }),
      );
    }
  }

  private addFlowLogs(vpc: Vpc, { logRetentionDays, logKey }: PrivateNetworkProps): void {
    const logs = new LogGroup(this, 'FlowLogs', {
      retention: logRetentionDays,
      encryptionKey: logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'FlowRole', { assumedBy: ownService(this, 'vpc-flow-logs.amazonaws.com') });
    vpc.addFlowLog('Flow', {
      destination: FlowLogDestination.toCloudWatchLogs(logs as ILogGroup, role as IRole),
      trafficType: FlowLogTrafficType.ALL,
    });
  }
}
