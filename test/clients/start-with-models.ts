/** A local service for one file of client tests, with the archives of two real models ready to be copied to its S3. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tar from 'tar';
import { type LocalService, startLocal } from '../../local/start.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { writeImageClassifier } from '../fixtures/tensorflow/models.ts';

export interface ServiceWithModels {
  readonly url: string;
  readonly work: string;
  /** model.tar.gz of an Object2Vec classifier of two classes. */
  readonly pairs: string;
  /** model.tar.gz of a TensorFlow model that classifies images, as in AWS's batch examples. */
  readonly images: string;
  close(): Promise<void>;
}

export async function startWithModels(): Promise<ServiceWithModels> {
  const work = await mkdtemp(path.join(tmpdir(), 'twinvec-clients-'));
  const { archive: pairs } = await trainPairModel(work, ENGINES[0]!);
  const images = path.join(work, 'images.tar.gz');
  await writeImageClassifier(path.join(work, 'classifier', '1538687370'));
  await tar.create({ file: images, gzip: true, cwd: path.join(work, 'classifier') }, ['1538687370']);
  const service: LocalService = await startLocal({ port: 0, dir: path.join(work, 'local') });
  return {
    url: service.url,
    work,
    pairs,
    images,
    async close() {
      await service.close();
      await rm(work, { recursive: true });
    },
  };
}
