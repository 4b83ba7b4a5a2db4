/**
 * From starting `twinvec local`, whose folder holds one endpoint, to that endpoint's first answer: what a person waits for
 * after Ctrl-C and up-arrow.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  SageMakerClient,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import * as tar from 'tar';
import type { EngineKind } from '../container/src/engine/session.ts';
import { LOCAL_CREDENTIALS, startLocal } from '../local/start.ts';
import { startLocalProcess } from '../test/fixtures/local-service/local-process.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';
import { referenceBody, withReferenceModel } from './reference-model.ts';

const ROUNDS = 7;
const NAME = 'reference';
const LOOK_EVERY_MS = 5;

export function benchLocalStart(): Promise<readonly BenchRow[]> {
  return withReferenceModel(async (modelDir) => [await measure('tensorflow', modelDir), await measure('js', modelDir)]);
}

async function measure(engine: EngineKind, modelDir: string): Promise<BenchRow> {
  const dir = await mkdtemp(path.join(tmpdir(), 'twinvec-local-start-'));
  try {
    await prepare(dir, engine, modelDir);
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) seconds.push(await firstAnswer(dir, engine));
    const name = `twinvec local with one endpoint to its first answer, ${engine}`;
    return { name, value: median(seconds), unit: 's', bar: '< 3 s' };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** A folder with an endpoint in service, as a user's is the next morning. */
async function prepare(dir: string, engine: EngineKind, modelDir: string): Promise<void> {
  const archive = path.join(dir, 'model.tar.gz');
  await tar.create({ gzip: true, cwd: modelDir, file: archive }, ['.']);
  const service = await startLocal({ port: 0, dir: path.join(dir, 'local'), engine });
  const config = { endpoint: service.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'model.tar.gz', Body: await readFile(archive) }));
  const sageMaker = new SageMakerClient(config);
  const PrimaryContainer = { ModelDataUrl: 's3://models/model.tar.gz' };
  await sageMaker.send(new CreateModelCommand({ ModelName: NAME, PrimaryContainer }));
  const variant = { VariantName: 'AllTraffic', ModelName: NAME, InitialInstanceCount: 1 };
  await sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: NAME, ProductionVariants: [variant] }));
  await sageMaker.send(new CreateEndpointCommand({ EndpointName: NAME, EndpointConfigName: NAME }));
  const patience = { client: sageMaker, maxWaitTime: 120, minDelay: 1, maxDelay: 1 };
  await waitUntilEndpointInService(patience, { EndpointName: NAME });
  await service.close();
}

async function firstAnswer(dir: string, engine: EngineKind): Promise<number> {
  const started = performance.now();
  const service = await startLocalProcess(path.join(dir, 'local'), engine);
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: referenceBody(1, 0) };
  for (;;) {
    const answer = await fetch(`${service.url}/endpoints/${NAME}/invocations`, request);
    await answer.arrayBuffer();
    if (answer.status === 200) break;
    await wait(LOOK_EVERY_MS);
  }
  const seconds = (performance.now() - started) / 1000;
  await service.stop();
  return seconds;
}
