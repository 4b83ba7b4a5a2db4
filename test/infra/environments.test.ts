/** Environments: wrong values are all named before anything is built. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findEnvironment } from '../../infra/environments/all.ts';
import { parseEnvironment } from '../../infra/environments/schema.ts';
import { weeklyTraining as TRAINING } from '../../infra/jobs/weekly-training.ts';
import { synthesise } from './synthesise.ts';

const dev = findEnvironment('dev');

describe('an environment', () => {
  it('with several mistakes is refused with all of them at once', () => {
    // Prepare
    const wrong = {
      ...dev,
      name: 'Dev 1',
      account: '12',
      region: 'Frankfurt',
      model: { archive: 'http://169.254.169.254/model.tar.gz', environment: { DATABASE_PASSWORD: 'x' } },
      endpoint: { ...dev.endpoint, instanceType: 'ml.m6i.xlarge', instanceCount: 0, spot: true },
      logRetentionDays: 8,
    };

    // Act
    const act = () => parseEnvironment(wrong as never);

    // Assess
    expect(act).toThrowErrorMatchingSnapshot();
  });

  it('with jobs that no transform can run is refused, job by job', () => {
    // Prepare
    const [job] = dev.jobs;
    const wrong = {
      ...dev,
      jobs: [
        { ...job!, maxPayloadInMB: 50, maxConcurrentTransforms: 4 },
        { ...job!, inputFolder: 'no-slash', schedule: { ...job!.schedule, timeZone: 'Mars/Olympus' } },
        { ...job!, instanceType: 'ml.c6i.xlarge', assembleWith: 'None' as const },
      ],
    };

    // Act
    const act = () => parseEnvironment(wrong);

    // Assess
    expect(act).toThrowErrorMatchingSnapshot();
  });

  it.each([
    ['p3, which is retired', { instanceType: 'ml.p3.2xlarge' }],
    ['a size that its family does not have', { instanceType: 'ml.g5.32xlarge' }],
    ['a family that does not exist', { instanceType: 'ml.g9.xlarge' }],
    ['a processor that the image is not for', { instanceType: 'ml.m6g.large' }],
    ['a processor without CUDA', { instanceType: 'ml.inf2.xlarge' }],
    ['a key for NVMe disks', { volumeKey: 'required' as const }],
    ['a size of NVMe disks', { volumeGib: 100 }],
    ['a canary of one instance', { deployment: { strategy: 'canary' as const, percent: 10, waitSeconds: 60 } }],
    [
      'a deployment that waits longer than SageMaker',
      { instanceCount: 10, deployment: { strategy: 'linear' as const, percent: 10, waitSeconds: 3600 } },
    ],
    ['no instances in real time', { scaling: { min: 0, max: 2, invocationsPerInstancePerMinute: 100 } }],
    ['a least above the most', { scaling: { min: 3, max: 2, invocationsPerInstancePerMinute: 100 } }],
    ['a driver image that does not exist', { amiVersion: 'al2-gpu-latest' as never }],
  ])('whose endpoint asks for %s is refused with what is possible', (_, endpoint) => {
    const wrong = { ...dev, endpoint: { ...dev.endpoint, ...endpoint } } as typeof dev;
    expect(() => parseEnvironment(wrong)).toThrowErrorMatchingSnapshot();
  });

  it.each([
    ['every web page', { api: { ...dev.api, cors: { origins: ['*'] } } }],
    ['a budget that nobody hears of', { budget: { monthlyUsd: 100 } }],
    ['an image by its tag', { image: { variant: 'gpu' as const, repository: { name: 'twinvec', digest: 'latest' } } }],
    ['a manifest that is a folder', { jobs: [{ ...dev.jobs[0]!, inputManifest: 'manifests/' }] }],
    ['a region that does not exist', { region: 'eu-central-9' }],
    [
      'a hyperparameter that does not exist',
      { training: { ...TRAINING, hyperparameters: { ...TRAINING.hyperparameters, epoch: '3' } } },
    ],
  ])('with %s is refused with what is possible', (_, fields) => {
    expect(() => parseEnvironment({ ...dev, ...fields } as typeof dev)).toThrowErrorMatchingSnapshot();
  });

  it('whose model is a file that does not exist is refused at synth', () => {
    const environment = parseEnvironment({ ...dev, model: { archive: 'models/none.tar.gz' } });
    expect(() => synthesise(environment)).toThrow(/there is no file .*models\/none\.tar\.gz.*npx twinvec train/s);
  });

  it('that does not exist is refused with the ones that do, and nothing else is printed', () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, ['infra/app.ts'], {
      env: { ...process.env, TWINVEC_ENVIRONMENT: 'stage' },
      encoding: 'utf8',
    });
    expect([status, stdout, stderr]).toEqual([1, '', '"stage" is not an environment. There are: dev, prod.\n']);
  });
});
