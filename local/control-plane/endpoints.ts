/** CreateEndpoint, DescribeEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DeleteEndpoint, ListEndpoints. */
import {
  CreateEndpointRequest,
  checkDeploymentConfig,
  EndpointName,
  type EndpointStatus,
  UpdateEndpointRequest,
  UpdateEndpointWeightsAndCapacitiesRequest,
} from '#core/sagemaker/endpoint-requests.ts';
import { ListEndpointsRequest } from '#core/sagemaker/list-requests.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import type { HostedVariant } from '../hosting/fleet.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import { ENDPOINT_LOGS, logFilePath } from '../logs/log-groups.ts';
import type { State } from '../state/state.ts';
import type { OverviewRow } from '../status-page/overview.ts';
import { validationException } from './aws-error.ts';
import type { DeploymentClock } from './deployment-clock.ts';
import { checkCapacity } from './endpoint-capacity.ts';
import type { EndpointConfigs } from './endpoint-configs.ts';
import { describeEndpoint } from './endpoint-description.ts';
import { createEndpointLife } from './endpoint-life.ts';
import { type Deployment, deploymentOf, EndpointRecord } from './endpoint-record.ts';
import { withCapacities, withRetained } from './endpoint-updates.ts';
import { listPage, seconds } from './list-page.ts';
import type { Models } from './models.ts';
import { newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import type { Operations } from './operations.ts';

/** An endpoint as the runtime sees it. */
export interface Endpoint extends EndpointRecord {
  /** What answers now, in the order of the configuration; empty while nothing does. */
  readonly variants: readonly HostedVariant[];
}

export interface Endpoints extends Operations {
  /** Unlike elsewhere the case of the name counts, as it does in InvokeEndpoint. */
  find(name: string, region: string): Endpoint | undefined;
}

export interface EndpointsOptions {
  readonly state: State;
  readonly models: Models;
  readonly configs: EndpointConfigs;
  readonly host: ModelHost;
  readonly logFolder: string;
  readonly log: (line: string) => void;
  readonly clock: DeploymentClock;
}

/** What a start of the local service makes of the status in which it finds an endpoint. */
const RESUMED: Partial<Record<EndpointStatus, EndpointStatus>> = { InService: 'SystemUpdating' };

export function createEndpoints(options: EndpointsOptions): Endpoints {
  const { state, models, configs, host, logFolder, log, clock } = options;
  const store = state.open('endpoint', EndpointRecord);
  const life = createEndpointLife({
    store,
    host,
    log,
    clock,
    logFileOf: (endpoint, ...server) =>
      logFilePath(logFolder, `${ENDPOINT_LOGS}/${endpoint}`, server.filter((part) => part !== undefined).join('/')),
  });

  function existing(name: string, region: string): EndpointRecord {
    const endpoint = store.find({ name, region });
    if (!endpoint) throw notFound('endpoint', region, name);
    return endpoint;
  }

  /** @throws AwsError ValidationException when the service itself is at work on it. */
  function idle(name: string, region: string): EndpointRecord {
    const endpoint = existing(name, region);
    if (endpoint.status === 'InService' || isFailed(endpoint)) return endpoint;
    throw validationException(`Cannot update in-progress endpoint "${endpoint.arn}".`);
  }

  function inService(name: string, region: string): EndpointRecord {
    const endpoint = idle(name, region);
    if (!isFailed(endpoint)) return endpoint;
    const message = `Cannot update endpoint "${endpoint.arn}" in status ${endpoint.status}. Delete it and create it again.`;
    throw validationException(message);
  }

  function change(
    endpoint: EndpointRecord,
    deployment: Deployment,
    keepServers: boolean,
    deploymentConfig = endpoint.deploymentConfig,
  ): { EndpointArn: string } {
    const now = new Date();
    const update = { deployment, keepServers, startedAt: now };
    const changed = store.update(endpoint, { status: 'Updating', update, deploymentConfig, modifiedAt: now });
    if (changed) life.proceed(changed);
    return { EndpointArn: endpoint.arn };
  }

  return {
    find(name, region) {
      const record = store.find({ name, region });
      if (record?.name !== name) return undefined;
      return { ...record, variants: record.status === 'Deleting' ? [] : life.fleetOf(record) };
    },
    resume() {
      for (const record of store.all()) {
        if (isFailed(record)) continue;
        life.proceed(store.note(record, { status: RESUMED[record.status] ?? record.status }) ?? record);
      }
    },
    close: () => life.close(),
    overview: () => ({ title: 'Endpoints', rows: store.all().toReversed().map(overviewOf) }),
    operations: {
      CreateEndpoint(body, { region }) {
        const request = parseRequest(CreateEndpointRequest, body);
        const made = newResource('endpoint', region, request.EndpointName, request.Tags);
        if (store.find(made)) throw validationException(`Cannot create already existing endpoint "${made.arn}".`);
        const deployment = deploymentOf(configs.find(request.EndpointConfigName, region), models);
        checkCapacity(store.all(), deployment);
        const { DeploymentConfig: deploymentConfig } = request;
        checkDeploymentConfig(deploymentConfig);
        life.proceed(store.add({ ...made, status: 'Creating', deployment, deploymentConfig }));
        return { EndpointArn: made.arn };
      },
      DescribeEndpoint(body, { region }) {
        const endpoint = existing(parseRequest(EndpointName, body).EndpointName, region);
        return describeEndpoint(endpoint, life.stateOf(endpoint));
      },
      UpdateEndpoint(body, { region }) {
        const request = parseRequest(UpdateEndpointRequest, body);
        checkDeploymentConfig(request.DeploymentConfig);
        const endpoint = inService(request.EndpointName, region);
        const config = configs.find(request.EndpointConfigName, region);
        if (config.name === endpoint.deployment.config.EndpointConfigName) {
          throw validationException(
            `Cannot update endpoint with the currently in use endpoint configuration "${config.name}".`,
          );
        }
        const deployment = withRetained(deploymentOf(config, models), endpoint.deployment, request);
        checkCapacity(store.all(), deployment);
        const deploymentConfig = request.RetainDeploymentConfig ? endpoint.deploymentConfig : request.DeploymentConfig;
        return change(endpoint, deployment, false, deploymentConfig);
      },
      UpdateEndpointWeightsAndCapacities(body, { region }) {
        const request = parseRequest(UpdateEndpointWeightsAndCapacitiesRequest, body);
        const endpoint = inService(request.EndpointName, region);
        const deployment = withCapacities(endpoint, request.DesiredWeightsAndCapacities);
        checkCapacity(
          store.all().filter((other) => other !== endpoint),
          deployment,
        );
        return change(endpoint, deployment, true);
      },
      DeleteEndpoint(body, { region }) {
        const endpoint = idle(parseRequest(EndpointName, body).EndpointName, region);
        const deleting = store.update(endpoint, { status: 'Deleting', modifiedAt: new Date() });
        if (deleting) life.proceed(deleting);
        return undefined;
      },
      ListEndpoints(body, { region }) {
        const { items, ...rest } = listPage(store.all(region), parseRequest(ListEndpointsRequest, body));
        const Endpoints = items.map((endpoint) => ({
          EndpointName: endpoint.name,
          EndpointArn: endpoint.arn,
          EndpointStatus: endpoint.status,
          CreationTime: seconds(endpoint.createdAt),
          LastModifiedTime: seconds(endpoint.modifiedAt),
        }));
        return { Endpoints, ...rest };
      },
    },
  };
}

function overviewOf({ name, region, status, failureReason, deployment, modifiedAt }: EndpointRecord): OverviewRow {
  const { config, variants } = deployment;
  const counts = variants.map((variant) => `${variant.name} x ${variant.instanceCount}`);
  return {
    name,
    region,
    status,
    failureReason,
    about: `configuration ${config.EndpointConfigName}: ${counts.join(', ')}`,
    modifiedAt,
    logs: `${ENDPOINT_LOGS}/${name}`,
    output: config.AsyncInferenceConfig?.OutputConfig.S3OutputPath,
  };
}

/** Such an endpoint can only be deleted. */
function isFailed({ status }: EndpointRecord): boolean {
  return status === 'Failed' || status === 'UpdateRollbackFailed' || status === 'OutOfService';
}
