import {
  CreateModelCommand,
  DeleteModelCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  type ListModelsCommandInput,
  paginateListModels,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalClients, startLocalClients } from '../../../fixtures/local-service/clients.ts';

const NAMES = ['delta', 'alpha', 'echo', 'bravo', 'charlie'];

let local: LocalClients;
beforeAll(async () => {
  local = await startLocalClients();
  for (const name of NAMES) await make(name);
});
afterAll(() => local.close());

const make = (ModelName: string, client = local.sageMaker) =>
  client.send(new CreateModelCommand({ ModelName, PrimaryContainer: { ModelDataUrl: 's3://models/model.tar.gz' } }));

async function list(input: ListModelsCommandInput) {
  const { Models = [], NextToken } = await local.sageMaker.send(new ListModelsCommand(input));
  return { names: Models.map(({ ModelName }) => ModelName), models: Models, NextToken };
}

describe('a List call', () => {
  it.each<[ListModelsCommandInput, string[]]>([
    [{}, [...NAMES].reverse()],
    [{ SortOrder: 'Ascending' }, NAMES],
    [{ SortBy: 'Name', SortOrder: 'Ascending' }, [...NAMES].sort()],
    [{ SortBy: 'Name' }, [...NAMES].sort().reverse()],
    [{ NameContains: 'l', SortBy: 'Name' }, ['delta', 'charlie', 'alpha']],
    [{ NameContains: 'L' }, []],
  ])('with %j gives what it asks for, in its order', async (input, expected) => {
    const { names, NextToken } = await list(input);

    expect(names).toEqual(expected);
    expect(NextToken).toBeUndefined();
  });

  it('filters by the time of creation', async () => {
    const { models } = await list({ SortOrder: 'Ascending' });
    const [second, fourth] = [models[1]!.CreationTime!, models[3]!.CreationTime!];

    const { names } = await list({ CreationTimeAfter: second, CreationTimeBefore: fourth });

    expect(names.every((name) => name !== NAMES[1] && name !== NAMES[3])).toBe(true);
    expect((await list({ CreationTimeAfter: new Date('2999-01-01') })).names).toEqual([]);
    expect((await list({ CreationTimeBefore: new Date('1999-01-01') })).names).toEqual([]);
    expect((await list({ CreationTimeAfter: new Date('1999-01-01') })).names).toHaveLength(NAMES.length);
  });

  it.each([1, 2, 4, 5])('comes in pages of %i that hold everything once', async (pageSize) => {
    // Act
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListModels({ client: local.sageMaker, pageSize }, { SortBy: 'Name' })) {
      pages.push((page.Models ?? []).map(({ ModelName }) => ModelName));
    }

    // Assess
    expect(pages.flat()).toEqual([...NAMES].sort().reverse());
    expect(pages.every((page) => page.length <= pageSize)).toBe(true);
  });

  it('goes on where it was when what it last gave is deleted meanwhile, and something is made', async () => {
    // Prepare
    await make('beta');
    const first = await list({ SortBy: 'Name', SortOrder: 'Ascending', MaxResults: 3 });

    // Act
    await local.sageMaker.send(new DeleteModelCommand({ ModelName: 'bravo' }));
    await make('aardvark');
    const { NextToken } = first;
    const second = await list({ SortBy: 'Name', SortOrder: 'Ascending', MaxResults: 3, NextToken });

    // Assess
    expect(first.names).toEqual(['alpha', 'beta', 'bravo']);
    expect(second.names).toEqual(['charlie', 'delta', 'echo']);
  });

  it.each(['0', 'surprise', Buffer.from('["Name","Ascending",[1]]').toString('base64url')])(
    'refuses the token %j',
    async (NextToken) => {
      await expect(list({ NextToken })).rejects.toMatchObject({
        name: 'ValidationException',
        message: expect.stringMatching(/^NextToken is not one that this service gave/),
      });
    },
  );

  it('refuses a token of another order', async () => {
    const { NextToken } = await list({ SortBy: 'Name', MaxResults: 1 });
    await expect(list({ SortBy: 'CreationTime', NextToken })).rejects.toThrow(/^NextToken is not one/);
  });

  it('refuses what its kind cannot be filtered by, in the service’s words', async () => {
    const command = new ListEndpointsCommand({ StatusEquals: 'Broken' as 'Failed' });
    await expect(local.sageMaker.send(command)).rejects.toThrow(
      "1 validation error detected: Value 'Broken' at 'statusEquals' failed to satisfy constraint: Member must satisfy enum value set: [OutOfService, Creating, Updating, SystemUpdating, RollingBack, InService, Deleting, Failed, UpdateRollbackFailed]",
    );
  });
});

describe('regions', () => {
  it('each have their own names, of which the signature’s region decides', async () => {
    // Prepare
    const other = local.inRegion('ap-south-1');
    await make('only-here', other);
    await make('alpha', other);

    // Act
    const { Models = [] } = await other.send(new ListModelsCommand({ SortBy: 'Name', SortOrder: 'Ascending' }));

    // Assess
    expect(Models.map(({ ModelArn }) => ModelArn)).toEqual([
      'arn:aws:sagemaker:ap-south-1:000000000000:model/alpha',
      'arn:aws:sagemaker:ap-south-1:000000000000:model/only-here',
    ]);
    expect((await list({ NameContains: 'only-here' })).names).toEqual([]);
    await expect(local.sageMaker.send(new DeleteModelCommand({ ModelName: 'only-here' }))).rejects.toThrow(
      /^Could not find model ".*eu-west-1/,
    );
  });

  it('keep apart after a restart, too', async () => {
    local = await local.restart();

    const { Models = [] } = await local.inRegion('ap-south-1').send(new ListModelsCommand({}));

    expect(Models.map(({ ModelName }) => ModelName).sort()).toEqual(['alpha', 'only-here']);
    expect((await list({ NameContains: 'alpha' })).names).toEqual(['alpha']);
  });
});
