/** CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig, ListEndpointConfigs. */
import * as z from 'zod';
import {
  CreateEndpointConfigRequest,
  checkEndpointConfig,
  EndpointConfigName,
  type ProductionVariant,
} from '#core/sagemaker/endpoint-config-request.ts';
import { ListEndpointConfigsRequest } from '#core/sagemaker/list-requests.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import type { State } from '../state/state.ts';
import { validationException } from './aws-error.ts';
import { listPage, seconds } from './list-page.ts';
import type { Models } from './models.ts';
import { newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import type { Operations } from './operations.ts';

const EndpointConfig = z.object({ ...RESOURCE_FIELDS, request: CreateEndpointConfigRequest });
export type EndpointConfig = Readonly<z.infer<typeof EndpointConfig>>;

export interface EndpointConfigs extends Operations {
  /** @throws AwsError ValidationException when there is none. */
  find(name: string, region: string): EndpointConfig;
}

export function createEndpointConfigs(state: State, models: Models): EndpointConfigs {
  const configs = state.open('endpoint-config', EndpointConfig);

  function find(name: string, region: string): EndpointConfig {
    const config = configs.find({ name, region });
    if (!config) throw notFound('endpoint-config', region, name);
    return config;
  }

  return {
    find,
    operations: {
      CreateEndpointConfig(body, { region }) {
        const { Tags, ...request } = parseRequest(CreateEndpointConfigRequest, body);
        checkEndpointConfig(request);
        const made = newResource('endpoint-config', region, request.EndpointConfigName, Tags);
        if (configs.find(made)) {
          throw validationException(`Cannot create already existing endpoint configuration "${made.arn}".`);
        }
        for (const { ModelName = '' } of variantsOf(request)) models.find(ModelName, region);
        configs.add({ ...made, request });
        return { EndpointConfigArn: made.arn };
      },
      DescribeEndpointConfig(body, { region }) {
        return describe(find(parseRequest(EndpointConfigName, body).EndpointConfigName, region));
      },
      DeleteEndpointConfig(body, { region }) {
        configs.remove(find(parseRequest(EndpointConfigName, body).EndpointConfigName, region));
        return undefined;
      },
      ListEndpointConfigs(body, { region }) {
        const { items, ...rest } = listPage(configs.all(region), parseRequest(ListEndpointConfigsRequest, body));
        const EndpointConfigs = items.map(({ name, arn, createdAt }) => ({
          EndpointConfigName: name,
          EndpointConfigArn: arn,
          CreationTime: seconds(createdAt),
        }));
        return { EndpointConfigs, ...rest };
      },
    },
  };
}

function variantsOf(config: CreateEndpointConfigRequest): ProductionVariant[] {
  return [...config.ProductionVariants, ...(config.ShadowProductionVariants ?? [])];
}

/** With the members that the service fills in. */
function describe({ arn, createdAt, request }: EndpointConfig) {
  const { ShadowProductionVariants: shadows } = request;
  return {
    EnableNetworkIsolation: false,
    ...request,
    ProductionVariants: request.ProductionVariants.map(describeVariant),
    ...(shadows ? { ShadowProductionVariants: shadows.map(describeVariant) } : {}),
    EndpointConfigArn: arn,
    CreationTime: seconds(createdAt),
  };
}

function describeVariant(variant: ProductionVariant): ProductionVariant {
  return { InitialVariantWeight: 1, ...variant };
}
