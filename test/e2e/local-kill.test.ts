/**
 * `kill -9` of the local service in the middle of every kind of write: what was answered is there after a restart, what
 * was not answered is there as a whole or not at all, and nothing is damaged.
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GetObjectCommand, S3Client, waitUntilObjectExists } from '@aws-sdk/client-s3';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteModelCommand,
  DeleteTagsCommand,
  DescribeEndpointCommand,
  ListModelsCommand,
  ListTagsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS } from '../../local/start.ts';
import { type LocalProcess, startLocalProcess } from '../fixtures/local-service/local-process.ts';
import { BROKEN_MODEL, fillModelBucket, GOOD_MODEL } from '../fixtures/local-service/model-bucket.ts';
import { serverPids } from '../fixtures/local-service/server-pids.ts';

const WAIT = { maxWaitTime: 100, minDelay: 1, maxDelay: 1 };
const NAMES = Array.from({ length: 40 }, (_, index) => `n${index}`);

let work: string;
let service: LocalProcess;
let sageMaker: SageMakerClient;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-kill-'));
  await restart();
  await fillModelBucket(new S3Client({ ...clientConfig(), forcePathStyle: true }), work);
});

afterAll(async () => {
  expect(await service.stop()).toBe(0);
  await rm(work, { recursive: true });
});

function clientConfig() {
  return { endpoint: service.url, region: 'eu-west-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
}

async function restart(): Promise<void> {
  service = await startLocalProcess(path.join(work, 'local'));
  sageMaker = new SageMakerClient(clientConfig());
}

/** Kills the service when so many of the calls were answered, all of them under way; gives the names of those. */
async function killAfter(answers: number, names: readonly string[], call: (name: string) => Promise<unknown>) {
  const answered: string[] = [];
  let killed: Promise<void> | undefined;
  const calls = names.map(async (name) => {
    await call(name);
    answered.push(name);
    if (answered.length === answers) killed = service.kill();
  });
  await Promise.allSettled(calls);
  await killed;
  await restart();
  expect(service.lines.filter((line) => /damaged|left out/.test(line))).toEqual([]);
  expect(filesBelow(path.join(work, 'local', 'state')).filter((file) => !file.endsWith('.json'))).toEqual([]);
  return answered;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const modelOf = (ModelName: string) =>
  new CreateModelCommand({ ModelName, PrimaryContainer: { ModelDataUrl: GOOD_MODEL } });

async function modelNames(): Promise<(string | undefined)[]> {
  const { Models = [] } = await sageMaker.send(new ListModelsCommand({ MaxResults: 100, SortBy: 'Name' }));
  return Models.map(({ ModelName }) => ModelName);
}

describe('records', () => {
  it('are there when their Create was answered', async () => {
    const made = await killAfter(15, NAMES, (name) => sageMaker.send(modelOf(name)));

    expect(await modelNames()).toEqual(expect.arrayContaining(made));
    expect(made.length).toBeGreaterThanOrEqual(15);
  });

  it('carry the tags whose call was answered', async () => {
    // Prepare
    const [ModelName] = await modelNames();
    const ResourceArn = `arn:aws:sagemaker:eu-west-1:000000000000:model/${ModelName}`;
    const tag = (Key: string) => sageMaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key, Value: 'v' }] }));
    const keys = async () => {
      const { Tags = [] } = await sageMaker.send(new ListTagsCommand({ ResourceArn }));
      return Tags.map(({ Key }) => Key);
    };

    // Act
    const added = await killAfter(15, NAMES, tag);
    const after = await keys();
    const removed = await killAfter(5, added, (key) =>
      sageMaker.send(new DeleteTagsCommand({ ResourceArn, TagKeys: [key] })),
    );

    // Assess
    expect(after).toEqual(expect.arrayContaining(added));
    expect((await keys()).filter((key) => removed.includes(key ?? ''))).toEqual([]);
  });

  it('are gone when their Delete was answered', async () => {
    // Prepare
    await Promise.allSettled(NAMES.map((name) => sageMaker.send(modelOf(name))));

    // Act
    const deleted = await killAfter(15, NAMES, (ModelName) => sageMaker.send(new DeleteModelCommand({ ModelName })));

    // Assess
    expect((await modelNames()).filter((name) => deleted.includes(name ?? ''))).toEqual([]);
  });
});

describe('an endpoint', () => {
  const EndpointName = 'pairs';
  const endpoint = () => sageMaker.send(new DescribeEndpointCommand({ EndpointName }));
  const inService = async () => {
    await waitUntilEndpointInService({ client: sageMaker, ...WAIT }, { EndpointName });
    return endpoint();
  };

  beforeAll(async () => {
    await Promise.allSettled([sageMaker.send(modelOf('pairs'))]);
    const PrimaryContainer = { ModelDataUrl: BROKEN_MODEL };
    await sageMaker.send(new CreateModelCommand({ ModelName: 'broken', PrimaryContainer }));
    for (const name of ['blue', 'green', 'bad']) {
      const ModelName = name === 'bad' ? 'broken' : 'pairs';
      const ProductionVariants = [{ VariantName: name, ModelName, InitialInstanceCount: 1 }];
      await sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants }));
    }
  });

  it('whose creation was answered is in service after a restart', async () => {
    await killAfter(1, ['blue'], (EndpointConfigName) =>
      sageMaker.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName })),
    );

    expect((await endpoint()).EndpointStatus).toBe('Creating');
    expect(await inService()).toMatchObject({ EndpointConfigName: 'blue' });
  });

  it('takes its servers along', async () => {
    // Prepare
    const servers = (await readFile(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8')).trim().split(' ');
    expect(servers).toHaveLength(1);

    // Act
    await service.kill();
    await Promise.all(servers.map(gone));

    // Assess
    await restart();
    expect((await endpoint()).EndpointStatus).toBe('SystemUpdating');
    await inService();
  });

  it('whose update was answered is updated after a restart', async () => {
    await killAfter(1, ['green'], (EndpointConfigName) =>
      sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName })),
    );

    expect(await endpoint()).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: 'blue' });
    expect(await inService()).toMatchObject({ EndpointConfigName: 'green' });
  });

  it('whose update cannot be served is back with its old servers after a restart, and says why', async () => {
    await killAfter(1, ['bad'], (EndpointConfigName) =>
      sageMaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName })),
    );

    expect((await endpoint()).EndpointStatus).toBe('Updating');
    expect(await inService()).toMatchObject({
      EndpointConfigName: 'green',
      FailureReason: expect.stringMatching(/^The primary container for production variant bad did not pass the ping/),
    });
  });

  it('whose weights were changed has them after a restart', async () => {
    await killAfter(1, ['green'], (VariantName) =>
      sageMaker.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName,
          DesiredWeightsAndCapacities: [{ VariantName, DesiredWeight: 7, DesiredInstanceCount: 2 }],
        }),
      ),
    );

    expect(await inService()).toMatchObject({ ProductionVariants: [{ CurrentWeight: 7, CurrentInstanceCount: 2 }] });
  });

  it('whose deletion was answered goes away after a restart', async () => {
    await killAfter(1, [EndpointName], (name) => sageMaker.send(new DeleteEndpointCommand({ EndpointName: name })));

    const waited = await waitUntilEndpointDeleted({ client: sageMaker, ...WAIT }, { EndpointName });
    expect(waited.state).toBe('SUCCESS');
  });
});

describe('an asynchronous request', () => {
  it('that was accepted is answered after a restart, whether it waited or was under way', async () => {
    // Prepare
    const EndpointName = 'queue';
    await sageMaker.send(modelOf(EndpointName));
    const config = new CreateEndpointConfigCommand({
      EndpointConfigName: EndpointName,
      ProductionVariants: [{ VariantName: 'v', ModelName: EndpointName, InitialInstanceCount: 1 }],
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: 1 },
        OutputConfig: { S3OutputPath: 's3://bucket/out' },
      },
    });
    await sageMaker.send(config);
    await sageMaker.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName: EndpointName }));
    await waitUntilEndpointInService({ client: sageMaker, ...WAIT }, { EndpointName });
    const [server] = serverPids(path.join(work, 'local'), EndpointName);
    // Stopped, it answers nothing: one request is under way, the other waits.
    process.kill(server!, 'SIGSTOP');
    const runtime = new SageMakerRuntimeClient(clientConfig());
    const Body = JSON.stringify({ instances: [{ in0: [1, 2], in1: [3] }] });
    for (const InferenceId of ['first', 'second']) {
      await runtime.send(new InvokeEndpointAsyncCommand({ EndpointName, InferenceId, Body }));
    }

    // Act
    await service.kill();
    process.kill(server!, 'SIGKILL');
    await restart();

    // Assess
    const s3 = new S3Client({ ...clientConfig(), forcePathStyle: true });
    for (const InferenceId of ['first', 'second']) {
      const Key = `out/${InferenceId}.out`;
      await waitUntilObjectExists({ client: s3, ...WAIT }, { Bucket: 'bucket', Key });
      const { Body: answer } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key }));
      expect(JSON.parse(await answer!.transformToString())).toEqual({
        predictions: [{ scores: [expect.any(Number), expect.any(Number)] }],
      });
    }
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName }));
    await waitUntilEndpointDeleted({ client: sageMaker, ...WAIT }, { EndpointName });
  });
});

describe('a damaged record', () => {
  it('is named and set aside, and the service starts with the rest', async () => {
    // Prepare
    await Promise.allSettled(['kept', 'cut'].map((name) => sageMaker.send(modelOf(name))));
    const file = path.join(work, 'local', 'state', 'model', 'eu-west-1', 'cut.json');
    await service.kill();
    await writeFile(file, '{"name": "cu');

    // Act
    await restart();

    // Assess
    expect(service.lines).toContainEqual(
      expect.stringMatching(
        /model\/eu-west-1\/cut\.json is not a record of the local service: .+cut\.json\.damaged\.$/,
      ),
    );
    const names = await modelNames();
    expect(names).toContain('kept');
    expect(names).not.toContain('cut');
  });
});

/** Resolves when there is no such process; a zombie is gone, too. */
async function gone(pid: string): Promise<void> {
  for (;;) {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (status === undefined || / Z /.test(status)) return;
  }
}
