/** CreateModel, DescribeModel, DeleteModel, ListModels. */
import * as z from 'zod';
import { ListRequest } from '#core/sagemaker/fields.ts';
import { CreateModelRequest, ModelName } from '#core/sagemaker/hosting-requests.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import type { State } from '../state/state.ts';
import { validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';
import { listPage, seconds } from './list-page.ts';
import { newResource } from './new-resource.ts';
import type { Operations } from './operations.ts';

const Model = z.object({ ...RESOURCE_FIELDS, request: CreateModelRequest });
export type Model = Readonly<z.infer<typeof Model>>;

export interface Models extends Operations {
  /** @throws AwsError ValidationException when there is none. */
  find(name: string, region: string): Model;
}

export function createModels(state: State): Models {
  const models = state.open('model', Model);

  function find(name: string, region: string): Model {
    const model = models.find({ name, region });
    if (!model) throw validationException(`Could not find model "${arnOf(region, 'model', name)}".`);
    return model;
  }

  return {
    find,
    operations: {
      CreateModel(body, { region }) {
        const { Tags, ...request } = parseRequest(CreateModelRequest, body);
        const name = request.ModelName;
        const arn = arnOf(region, 'model', name);
        if (models.find({ name, region })) {
          throw validationException(`Cannot create already existing model "${arn}".`);
        }
        models.add({ ...newResource('model', region, name, Tags), request });
        return { ModelArn: arn };
      },
      DescribeModel(body, { region }) {
        const { arn, createdAt, request } = find(parseRequest(ModelName, body).ModelName, region);
        return { ...request, ModelArn: arn, CreationTime: seconds(createdAt) };
      },
      DeleteModel(body, { region }) {
        models.remove(find(parseRequest(ModelName, body).ModelName, region));
        return undefined;
      },
      ListModels(body, { region }) {
        const { items, ...rest } = listPage(models.all(region), parseRequest(ListRequest, body));
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
