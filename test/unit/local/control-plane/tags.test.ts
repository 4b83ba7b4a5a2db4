import {
  AddTagsCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteModelCommand,
  DeleteTagsCommand,
  ListTagsCommand,
  paginateListTags,
  type Tag,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalClients, startLocalClients } from '../../../fixtures/local-service/clients.ts';

const ARN = 'arn:aws:sagemaker:eu-west-1:000000000000';

let local: LocalClients;
beforeAll(async () => {
  local = await startLocalClients();
  await makeModel('pairs', [{ Key: 'first', Value: '1' }]);
  const variant = { VariantName: 'v', ModelName: 'pairs', InitialInstanceCount: 1 };
  const Tags = [{ Key: 'kind', Value: 'config' }];
  const config = { EndpointConfigName: 'c', ProductionVariants: [variant], Tags };
  await local.sageMaker.send(new CreateEndpointConfigCommand(config));
});
afterAll(() => local.close());

const makeModel = (ModelName: string, Tags: Tag[] = []) =>
  local.sageMaker.send(
    new CreateModelCommand({ ModelName, Tags, PrimaryContainer: { ModelDataUrl: 's3://models/model.tar.gz' } }),
  );
const add = (ResourceArn: string, ...Tags: Tag[]) => local.sageMaker.send(new AddTagsCommand({ ResourceArn, Tags }));
const list = async (ResourceArn: string) => (await local.sageMaker.send(new ListTagsCommand({ ResourceArn }))).Tags;

describe('tags', () => {
  it('are those of the Create call, those added since, less those deleted', async () => {
    // Act
    const added = await add(`${ARN}:model/pairs`, { Key: 'first', Value: '2' }, { Key: 'größe', Value: '' });
    await local.sageMaker.send(
      new DeleteTagsCommand({ ResourceArn: `${ARN}:model/pairs`, TagKeys: ['first', 'none'] }),
    );

    // Assess
    expect(added.Tags).toEqual([
      { Key: 'first', Value: '2' },
      { Key: 'größe', Value: '' },
    ]);
    expect(await list(`${ARN}:model/pairs`)).toEqual([{ Key: 'größe', Value: '' }]);
    expect(await list(`${ARN}:endpoint-config/c`)).toEqual([{ Key: 'kind', Value: 'config' }]);
  });

  it('outlive a restart, and end with what they belong to', async () => {
    // Prepare
    await makeModel('short-lived', [{ Key: 'a', Value: 'b' }]);

    // Act
    local = await local.restart();
    const kept = await list(`${ARN}:model/short-lived`);
    await local.sageMaker.send(new DeleteModelCommand({ ModelName: 'short-lived' }));
    await makeModel('short-lived');

    // Assess
    expect(kept).toEqual([{ Key: 'a', Value: 'b' }]);
    expect(await list(`${ARN}:model/short-lived`)).toEqual([]);
  });

  it('may be 50, and are then given as one page', async () => {
    // Prepare
    const tags = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
    await makeModel('many', tags);

    // Act
    const found: Tag[] = [];
    for await (const page of paginateListTags({ client: local.sageMaker }, { ResourceArn: `${ARN}:model/many` })) {
      found.push(...(page.Tags ?? []));
    }

    // Assess
    expect(found).toEqual(tags);
    await expect(add(`${ARN}:model/many`, { Key: 'one-more', Value: 'v' })).rejects.toThrow(
      'A resource may have 50 tags; this would make 51.',
    );
  });

  it('are refused with a key twice in a Create call, and nothing is made', async () => {
    const twice = [
      { Key: 'a', Value: '1' },
      { Key: 'A', Value: '2' },
      { Key: 'a', Value: '3' },
    ];

    await expect(makeModel('twice', twice)).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Duplicate tag key: a',
    });
    await expect(list(`${ARN}:model/twice`)).rejects.toThrow('Could not find model');
  });

  it.each([
    ['of a model that nobody has', `${ARN}:model/none`, `Could not find model "${ARN}:model/none".`],
    ['of an endpoint that nobody has', `${ARN}:endpoint/none`, `Could not find endpoint "${ARN}:endpoint/none".`],
    ['of a transform job that nobody has', `${ARN}:transform-job/none`, 'Could not find requested job with name: none'],
    ['of another region', `${ARN.replace('eu-west-1', 'us-east-1')}:model/pairs`, /^Could not find model ".*us-east-1/],
    ['of a kind that is not here', `${ARN}:domain/d`, /is not the ARN of a model, endpoint-config, endpoint/],
    ['of no ARN', 'pairs', /Value 'pairs' at 'resourceArn' failed to satisfy constraint/],
  ])('%s are refused', async (_what, arn, message) => {
    await expect(list(arn)).rejects.toMatchObject({
      name: 'ValidationException',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    await expect(add(arn, { Key: 'a', Value: 'b' })).rejects.toThrow();
  });
});
