/** CreateEndpoint, DescribeEndpoint, DeleteEndpoint, ListEndpoints. */
import path from 'node:path';
import { ListRequest } from '#core/sagemaker/fields.ts';
import { CreateEndpointRequest, EndpointName, type EndpointStatus } from '#core/sagemaker/hosting-requests.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import type { HostedVariant } from '../hosting/fleet.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import type { State } from '../state/state.ts';
import { validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';
import type { EndpointConfigs } from './endpoint-configs.ts';
import { createEndpointLife } from './endpoint-life.ts';
import { deploymentOf, EndpointRecord } from './endpoint-record.ts';
import { listPage, seconds } from './list-page.ts';
import type { Models } from './models.ts';
import { newResource } from './new-resource.ts';
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
}

export function createEndpoints({ state, models, configs, host, logFolder }: EndpointsOptions): Endpoints {
  const store = state.open('endpoint', EndpointRecord);
  const life = createEndpointLife({
    store,
    host,
    logFileOf: (endpoint) => path.join(logFolder, 'endpoints', `${endpoint}.log`),
  });

  function existing(body: unknown, region: string): EndpointRecord {
    const name = parseRequest(EndpointName, body).EndpointName;
    const endpoint = store.find({ name, region });
    if (!endpoint) throw validationException(`Could not find endpoint "${arnOf(region, 'endpoint', name)}".`);
    return endpoint;
  }

  return {
    find(name, region) {
      const record = store.find({ name, region });
      if (record?.name !== name) return undefined;
      return { ...record, variants: record.status === 'Deleting' ? [] : life.variantsOf(record) };
    },
    resume() {
      for (const record of store.all()) {
        if (record.status === 'Deleting') life.delete(record);
        else if (record.status !== 'Failed') {
          const status: EndpointStatus = record.status === 'Creating' ? 'Creating' : 'SystemUpdating';
          life.start(store.note(record, { status }) ?? record);
        }
      }
    },
    close: () => life.close(),
    operations: {
      CreateEndpoint(body, { region }) {
        const { EndpointName: name, EndpointConfigName, Tags } = parseRequest(CreateEndpointRequest, body);
        const arn = arnOf(region, 'endpoint', name);
        if (store.find({ name, region }))
          throw validationException(`Cannot create already existing endpoint "${arn}".`);
        const deployment = deploymentOf(configs.find(EndpointConfigName, region), models);
        const made = newResource('endpoint', region, name, Tags);
        life.start(store.add({ ...made, status: 'Creating', deployment }));
        return { EndpointArn: arn };
      },
      DescribeEndpoint: (body, { region }) => describe(existing(body, region), life.variantsOf),
      DeleteEndpoint(body, { region }) {
        const endpoint = existing(body, region);
        if (endpoint.status === 'Deleting') return undefined;
        store.update(endpoint, { status: 'Deleting', modifiedAt: new Date() });
        life.delete(endpoint);
        return undefined;
      },
      ListEndpoints(body, { region }) {
        const { items, ...rest } = listPage(store.all(region), parseRequest(ListRequest, body));
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

function describe(endpoint: EndpointRecord, variantsOf: (endpoint: EndpointRecord) => readonly HostedVariant[]) {
  const hosted = new Map(variantsOf(endpoint).map((variant) => [variant.name, variant]));
  return {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: endpoint.deployment.config.EndpointConfigName,
    EndpointStatus: endpoint.status,
    ...(endpoint.failureReason === undefined ? {} : { FailureReason: endpoint.failureReason }),
    ProductionVariants: endpoint.deployment.variants.map(({ name, weight, instanceCount }) => ({
      VariantName: name,
      CurrentWeight: hosted.get(name)?.weight ?? weight,
      DesiredWeight: weight,
      CurrentInstanceCount: hosted.get(name)?.instances.length ?? 0,
      DesiredInstanceCount: instanceCount,
    })),
    CreationTime: seconds(endpoint.createdAt),
    LastModifiedTime: seconds(endpoint.modifiedAt),
  };
}
