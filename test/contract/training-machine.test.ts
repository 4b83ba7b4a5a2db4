/**
 * The state machine of retraining as `cdk synth` writes it, started by its own schedule and run state by state: the
 * SDK calls that its states make go to `twinvec local`, whose jobs are the real trainer's.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTrainingJobsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEnvironment } from '../../infra/environments/all.ts';
import { parseEnvironment } from '../../infra/environments/schema.ts';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { Account } from '../fixtures/state-machine/account.ts';
import { arnOf, Deployed } from '../fixtures/state-machine/deployed.ts';
import { StateFailure } from '../fixtures/state-machine/failure.ts';
import { type RunRequest, startRun } from '../fixtures/state-machine/start-run.ts';
import { topicPairs } from '../fixtures/training-job/training-job.ts';
import { synthesise } from '../infra/synthesise.ts';

const SUNDAY = '2026-11-22T01:00:00Z';
const JOB = 'twinvec-prod-train-20261122010000';
const TOPIC = arnOf('sns', 'notices');

/** Production's, with a network that is trained in seconds. */
function template() {
  const prod = findEnvironment('prod');
  const hyperparameters = {
    enc0_network: 'pooled_embedding',
    enc0_vocab_size: '2000',
    enc0_max_seq_len: '5',
    enc_dim: '16',
    mlp_layers: '1',
    mlp_dim: '16',
    mini_batch_size: '8',
    epochs: '1',
  };
  return synthesise(parseEnvironment({ ...prod, training: { ...prod.training!, hyperparameters } }));
}

const synthesised = template();

describe.each(ENGINES)('a retraining on the %s engine', (engine) => {
  let work: string;
  let service: LocalService;
  let sageMaker: SageMakerClient;
  let s3: S3Client;

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'twinvec-training-machine-'));
    service = await startLocal({ port: 0, dir: work, engine });
    const config = { endpoint: service.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
    sageMaker = new SageMakerClient(config);
    s3 = new S3Client({ ...config, forcePathStyle: true });
  });

  afterAll(async () => {
    await service.close();
    await rm(work, { recursive: true });
  });

  async function week(name: string, train: string) {
    for (const Bucket of [`${name}-input`, `${name}-output`]) await s3.send(new CreateBucketCommand({ Bucket }));
    const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: `${name}-input`, Key, Body }));
    await put('pairs/train/a.jsonl', train);
    await put('pairs/validation/a.jsonl', topicPairs(2000, 50));
    const deployed = new Deployed(synthesised, {
      'Key.Arn': arnOf('kms', 'key/0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a'),
      'TrainingJobRole.Arn': 'arn:aws:iam::123456789012:role/training',
      DataInput: `${name}-input`,
      DataOutput: `${name}-output`,
      Notices: TOPIC,
    });
    const account = new Account({ topicArn: TOPIC, sageMaker });
    const run = (more: Partial<RunRequest> = {}) =>
      startRun({ deployed, machine: 'Training', schedule: 'Training', account, scheduledTime: SUNDAY, ...more });
    return { account, run };
  }

  it('makes a model, tells where it is, and makes no second when its tick comes twice', async () => {
    // Prepare
    const { account, run } = await week('good', topicPairs(0, 200));

    // Act
    const [first, second] = [await run(), await run({ executionId: 'e0' })];

    // Assess
    expect(first).toMatchObject({ status: 'SUCCEEDED' });
    expect(first.visited.slice(0, 4)).toEqual(['Overlap?', 'FindOthers', 'Alone?', 'Create']);
    expect(new Set(first.pauses.map(String))).toEqual(new Set(['Wait,60']));
    expect(second.visited.slice(-6)).toEqual(['Create', 'Wait', 'Describe', 'Ended?', 'Tell', 'Done']);
    const { TrainingJobSummaries } = await sageMaker.send(new ListTrainingJobsCommand({ NameContains: JOB }));
    expect(TrainingJobSummaries).toHaveLength(1);
    expect(account.notices[0]).toEqual({
      TopicArn: TOPIC,
      Subject: 'Twinvec: a model has been trained',
      Message: `${JOB} left s3://good-output/models/${JOB}/output/model.tar.gz. To deploy it, name it as model.archive and deploy.`,
    });
  });

  it('fails with the reason of the job, and says nothing of a model', async () => {
    const { account, run } = await week('bad', '{"label":1,"in0":[1]}\n');
    const failed = await run({ scheduledTime: '2026-11-29T01:00:00Z' });

    expect(failed).toMatchObject({
      status: 'FAILED',
      error: 'TrainingFailed',
      cause: expect.stringMatching(/^twinvec-prod-train-20261129010000 Failed: .*a\.jsonl/),
    });
    expect(account.notices).toEqual([]);
  });

  it('is left out while the last one goes on', async () => {
    const { account, run } = await week('beside', topicPairs(0, 50));
    const Id = 'arn:aws:states:us-east-1:123456789012:stateMachine:twinvec-prod-train';
    const Execution = { Id: 'earlier', Name: 'training_earlier', Input: {}, StartTime: '2026-11-15T01:00:00.000Z' };
    account.running.push({ Execution, StateMachine: { Id, Name: 'twinvec-prod-train' } });

    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: { skipped: expect.any(String) } });
  });

  it('fails when nobody can be told of the model, after trying for a while', async () => {
    const { account, run } = await week('unheard', topicPairs(0, 50));
    account.topicFailure = new StateFailure('Sns.AuthorizationErrorException', 'not authorized');
    const failed = await run({ scheduledTime: '2026-12-06T01:00:00Z' });

    expect(failed).toMatchObject({ status: 'FAILED', error: 'Sns.AuthorizationErrorException' });
    expect(failed.pauses.filter(([state]) => state === 'Tell')).toHaveLength(6);
  });
});
