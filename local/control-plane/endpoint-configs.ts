/** CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig, ListEndpointConfigs. */
import * as z from 'zod';
import { ListRequest } from '#core/sagemaker/fields.ts';
import { CreateEndpointConfigRequest, EndpointConfigName } from '#core/sagemaker/hosting-requests.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import type { State } from '../state/state.ts';
import { validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';
import { listPage, seconds } from './list-page.ts';
import type { Models } from './models.ts';
import { newResource } from './new-resource.ts';
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
    if (!config) {
      throw validationException(`Could not find endpoint configuration "${arnOf(region, 'endpoint-config', name)}".`);
    }
    return config;
  }

  return {
    find,
    operations: {
      CreateEndpointConfig(body, { region }) {
        const { Tags, ...request } = parseRequest(CreateEndpointConfigRequest, body);
        const name = request.EndpointConfigName;
        const arn = arnOf(region, 'endpoint-config', name);
        if (configs.find({ name, region })) {
          throw validationException(`Cannot create already existing endpoint configuration "${arn}".`);
        }
        for (const variant of request.ProductionVariants) models.find(variant.ModelName, region);
        configs.add({ ...newResource('endpoint-config', region, name, Tags), request });
        return { EndpointConfigArn: arn };
      },
      DescribeEndpointConfig(body, { region }) {
        const { arn, createdAt, request } = find(parseRequest(EndpointConfigName, body).EndpointConfigName, region);
        return { ...request, EndpointConfigArn: arn, CreationTime: seconds(createdAt) };
      },
      DeleteEndpointConfig(body, { region }) {
        configs.remove(find(parseRequest(EndpointConfigName, body).EndpointConfigName, region));
        return undefined;
      },
      ListEndpointConfigs(body, { region }) {
        const { items, ...rest } = listPage(configs.all(region), parseRequest(ListRequest, body));
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
