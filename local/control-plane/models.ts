/** CreateModel, DescribeModel, DeleteModel, ListModels. */
import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { ListModelsRequest } from '#core/sagemaker/list-requests.ts';
import { type ContainerDefinition, CreateModelRequest, checkModel, ModelName } from '#core/sagemaker/model-request.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import type { State } from '../state/state.ts';
import { validationException } from './aws-error.ts';
import { listPage, seconds } from './list-page.ts';
import { requireModelData } from './model-data.ts';
import { newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import type { Operations } from './operations.ts';

const Model = z.object({ ...RESOURCE_FIELDS, request: CreateModelRequest });
export type Model = Readonly<z.infer<typeof Model>>;

export interface Models extends Operations {
  /** @throws AwsError ValidationException when there is none. */
  find(name: string, region: string): Model;
}

export function createModels(state: State, s3: S3Client): Models {
  const models = state.open('model', Model);

  function find(name: string, region: string): Model {
    const model = models.find({ name, region });
    if (!model) throw notFound('model', region, name);
    return model;
  }

  function requireFree(made: Pick<Model, 'name' | 'region' | 'arn'>): void {
    if (models.find(made)) throw validationException(`Cannot create already existing model "${made.arn}".`);
  }

  return {
    find,
    operations: {
      async CreateModel(body, { region }) {
        const { Tags, ...request } = parseRequest(CreateModelRequest, body);
        checkModel(request);
        const made = newResource('model', region, request.ModelName, Tags);
        requireFree(made);
        await requireModelData(s3, request);
        requireFree(made);
        models.add({ ...made, request });
        return { ModelArn: made.arn };
      },
      DescribeModel(body, { region }) {
        return describe(find(parseRequest(ModelName, body).ModelName, region));
      },
      DeleteModel(body, { region }) {
        models.remove(find(parseRequest(ModelName, body).ModelName, region));
        return undefined;
      },
      ListModels(body, { region }) {
        const { items, ...rest } = listPage(models.all(region), parseRequest(ListModelsRequest, body));
        const Models = items.map(({ name, arn, createdAt }) => ({
          ModelName: name,
          ModelArn: arn,
          CreationTime: seconds(createdAt),
        }));
        return { Models, ...rest };
      },
    },
  };
}

/** With the members that the service fills in. */
function describe({ arn, createdAt, request }: Model) {
  const { PrimaryContainer: primary, Containers: containers } = request;
  return {
    EnableNetworkIsolation: false,
    ...request,
    ...(primary ? { PrimaryContainer: describeContainer(primary) } : {}),
    ...(containers ? { Containers: containers.map(describeContainer) } : {}),
    ModelArn: arn,
    CreationTime: seconds(createdAt),
  };
}

function describeContainer(container: ContainerDefinition): ContainerDefinition {
  return { Mode: 'SingleModel', Environment: {}, ...container };
}
