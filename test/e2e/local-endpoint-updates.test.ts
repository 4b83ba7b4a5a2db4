/** An endpoint through its updates, by the real SDK clients: what answers meanwhile, and what is there afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  type DescribeEndpointCommandOutput,
  ListTagsCommand,
  type ProductionVariant,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';
import { BROKEN_MODEL, fillModelBucket, GOOD_MODEL } from '../fixtures/local-service/model-bucket.ts';
import { serverPids } from '../fixtures/local-service/server-pids.ts';
import { pair } from '../fixtures/pair-model/train-pair-model.ts';

const WAIT = { maxWaitTime: 100, minDelay: 1, maxDelay: 1 };
const EndpointName = 'pairs';
/** An hour of a deployment in 3.6 s. */
const SPEED = 1000;

let work: string;
let service: LocalService;
let sageMaker: SageMakerClient;
let runtime: SageMakerRuntimeClient;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-updates-'));
  await start();
  await fillModelBucket(new S3Client({ ...clientConfig(), forcePathStyle: true }), work);
  await makeModel('pairs', GOOD_MODEL);
  await makeModel('broken', BROKEN_MODEL);
  await makeConfig('blue', [{ VariantName: 'blue', ModelName: 'pairs', InitialInstanceCount: 1 }]);
  await makeConfig('green', [{ VariantName: 'green', ModelName: 'pairs', InitialInstanceCount: 1 }]);
  await makeConfig('bad', [{ VariantName: 'bad', ModelName: 'broken', InitialInstanceCount: 1 }]);
  await sageMaker.send(
    new CreateEndpointCommand({ EndpointName, EndpointConfigName: 'blue', Tags: [{ Key: 'team', Value: 'search' }] }),
  );
});

afterAll(async () => {
  await service.close();
  await rm(work, { recursive: true });
});

async function start(): Promise<void> {
  service = await startLocal({ port: 0, dir: path.join(work, 'local'), engine: 'js', deploymentSpeed: SPEED });
  sageMaker = new SageMakerClient(clientConfig());
  runtime = new SageMakerRuntimeClient(clientConfig());
}

function clientConfig() {
  return { endpoint: service.url, region: 'eu-west-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
}

async function makeModel(ModelName: string, ModelDataUrl: string): Promise<void> {
  await sageMaker.send(new CreateModelCommand({ ModelName, PrimaryContainer: { ModelDataUrl } }));
}

async function makeConfig(EndpointConfigName: string, ProductionVariants: ProductionVariant[]): Promise<void> {
  await sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName, ProductionVariants }));
}

const describeEndpoint = (): Promise<DescribeEndpointCommandOutput> =>
  sageMaker.send(new DescribeEndpointCommand({ EndpointName }));

async function inService(): Promise<DescribeEndpointCommandOutput> {
  await waitUntilEndpointInService({ client: sageMaker, ...WAIT }, { EndpointName });
  return describeEndpoint();
}

/** The variant that answered. */
async function invoke(): Promise<string | undefined> {
  const Body = JSON.stringify({ instances: [pair(1)] });
  const answer = await runtime.send(
    new InvokeEndpointCommand({ EndpointName, ContentType: 'application/json', Accept: 'application/json', Body }),
  );
  return answer.InvokedProductionVariant;
}

describe('an update to another configuration', () => {
  it('keeps the old variant answering until the new one is healthy, and refuses all else meanwhile', async () => {
    // Prepare
    await inService();

    // Act
    await sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: 'green' }));
    const during = await describeEndpoint();
    const refusals = Promise.allSettled([
      sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: 'bad' })),
      sageMaker.send(new DeleteEndpointCommand({ EndpointName })),
    ]);
    const answered = new Set<string | undefined>();
    const updated = inService();
    let isUpdating = true;
    void updated.then(() => {
      isUpdating = false;
    });
    while (isUpdating) answered.add(await invoke());
    answered.add(await invoke());

    // Assess
    for (const refusal of await refusals) {
      expect(refusal).toMatchObject({
        reason: {
          name: 'ValidationException',
          message: 'Cannot update in-progress endpoint "arn:aws:sagemaker:eu-west-1:000000000000:endpoint/pairs".',
        },
      });
    }
    expect(during).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'blue',
      PendingDeploymentSummary: { EndpointConfigName: 'green', ProductionVariants: [{ VariantName: 'green' }] },
    });
    expect([...answered]).toEqual(['blue', 'green']);
    const after = await updated;
    expect(after).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'green' });
    expect(after.PendingDeploymentSummary).toBeUndefined();
    expect(after.LastModifiedTime!.getTime()).toBeGreaterThan(after.CreationTime!.getTime());
  });

  it('is refused when it is the one in use, or there is none of that name', async () => {
    const update = (EndpointConfigName: string) =>
      sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName }));

    await expect(update('green')).rejects.toThrow(
      /^Cannot update endpoint with the currently in use endpoint configuration/,
    );
    await expect(update('none')).rejects.toThrow(/^Could not find endpoint configuration ".*endpoint-config\/none"\.$/);
  });

  it('that cannot be served is rolled back: the old variant answers on, and the reason is told', async () => {
    // Act
    await sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: 'bad' }));
    const after = await inService();

    // Assess
    expect(after).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'green' });
    expect(after.FailureReason).toMatch(
      /^The primary container for production variant bad did not pass the ping health check\. Cause: /,
    );
    expect(await invoke()).toBe('green');
  });
});

describe('an update with a canary', () => {
  const start = () =>
    sageMaker.send(
      new UpdateEndpointCommand({
        EndpointName,
        EndpointConfigName: 'blue',
        DeploymentConfig: {
          BlueGreenUpdatePolicy: {
            TrafficRoutingConfiguration: {
              Type: 'CANARY',
              CanarySize: { Type: 'CAPACITY_PERCENT', Value: 50 },
              WaitIntervalInSeconds: 3600,
            },
          },
        },
      }),
    );
  const baking = async () => {
    const poll = { timeout: 100_000, interval: 50 };
    const statusOf = async () => {
      const { PendingDeploymentSummary: pending } = await describeEndpoint();
      return pending?.ProductionVariants?.[0]?.VariantStatus?.[0];
    };
    await expect.poll(statusOf, poll).toMatchObject({ Status: 'Baking', StatusMessage: '50 % of the requests' });
  };

  it('is taken back when the new server ends while it is watched, and the old one answers on', async () => {
    // Prepare
    const before = serverPids(path.join(work, 'local'), EndpointName);
    await start();
    await baking();
    const [pid] = serverPids(path.join(work, 'local'), EndpointName).filter((one) => !before.includes(one));

    // Act
    process.kill(pid!, 'SIGKILL');
    const after = await inService();

    // Assess
    expect(after).toMatchObject({ EndpointConfigName: 'green' });
    expect(after.FailureReason).toMatch(/variant blue did not pass .* Cause: the server process ended \(SIGKILL\)/);
    expect(await invoke()).toBe('green');
  });

  it('is answered by both variants while it is watched, and by the new one then', async () => {
    // Act
    await start();
    await baking();
    const answered = new Set<string | undefined>();
    while (answered.size < 2) answered.add(await invoke());
    const during = await describeEndpoint();
    const after = await inService();
    const last = await invoke();
    await sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: 'green' }));
    await inService();

    // Assess
    expect([...answered].sort()).toEqual(['blue', 'green']);
    expect(during).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: 'green' });
    expect(after).toMatchObject({
      EndpointConfigName: 'blue',
      LastDeploymentConfig: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY' } } },
    });
    expect(last).toBe('blue');
  });
});

describe('an update of weights and capacities', () => {
  const scale = (DesiredInstanceCount: number, DesiredWeight: number) =>
    sageMaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName,
        DesiredWeightsAndCapacities: [{ VariantName: 'green', DesiredInstanceCount, DesiredWeight }],
      }),
    );

  it.each([
    [2, 0.5],
    [1, 3],
  ])('gives the variant %i instances and weight %d', async (count, weight) => {
    // Act
    await scale(count, weight);
    const during = await describeEndpoint();
    const after = await inService();

    // Assess
    const wanted = { VariantName: 'green', DesiredInstanceCount: count, DesiredWeight: weight };
    expect(during).toMatchObject({ EndpointStatus: 'Updating', ProductionVariants: [wanted] });
    expect(after.ProductionVariants).toEqual([
      { ...wanted, DeployedImages: [], CurrentInstanceCount: count, CurrentWeight: weight },
    ]);
    expect(after.FailureReason).toBeUndefined();
    expect(await invoke()).toBe('green');
  });

  it('is refused for an unknown variant and for more instances than there may be', async () => {
    const unknown = new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName,
      DesiredWeightsAndCapacities: [{ VariantName: 'red', DesiredWeight: 1 }],
    });

    await expect(sageMaker.send(unknown)).rejects.toThrow(/^Could not find production variant "red"/);
    await expect(scale(21, 1)).rejects.toMatchObject({
      name: 'ResourceLimitExceeded',
      message: expect.stringMatching(
        /is 20 Instances, with current utilization of 0 Instances and a request delta of 21/,
      ),
    });
  });
});

describe('a restart of the local service', () => {
  it('starts the endpoint again, with its tags and its weights, though its model and configuration are gone', async () => {
    // Prepare
    await sageMaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'green' }));
    await sageMaker.send(new DeleteModelCommand({ ModelName: 'pairs' }));
    const before = await describeEndpoint();
    await service.close();

    // Act
    await start();
    const restarting = await describeEndpoint();
    const after = await inService();

    // Assess
    expect(restarting.EndpointStatus).toBe('SystemUpdating');
    const { LastModifiedTime: _1, $metadata: _2, ...kept } = before;
    expect(after).toMatchObject(kept);
    expect(await invoke()).toBe('green');
    const ResourceArn = after.EndpointArn!;
    expect((await sageMaker.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual([
      { Key: 'team', Value: 'search' },
    ]);
  });
});

describe('deleting', () => {
  it('ends the endpoint, and its name is free', async () => {
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName }));
    const gone = await waitUntilEndpointDeleted({ client: sageMaker, ...WAIT }, { EndpointName });

    expect(gone.state).toBe('SUCCESS');
    await expect(invoke()).rejects.toThrow(/not found/);
  });
});
