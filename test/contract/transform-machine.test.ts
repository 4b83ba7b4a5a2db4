/**
 * The state machine of batch transforms as `cdk synth` writes it for production, started by its own schedule and run
 * state by state: its JSONata, its Retry and Catch, with the real functions, and behind them `twinvec local`.
 */
import { StopTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handler as validate } from '../../lambdas/validator/handler.ts';
import type { LambdaHandler } from '../fixtures/state-machine/account.ts';
import { StateFailure } from '../fixtures/state-machine/failure.ts';
import { pauseShortly } from '../fixtures/state-machine/start-run.ts';
import { actionOf, deployNight, type Night, orchestratorWith } from './deployed-night.ts';
import { type LambdaService, startLambdaService } from './lambda-service.ts';
import { untilJobEnded } from './until-job-ended.ts';

const GOOD = '{"in0":[1]}\n';
const NEGATIVE = '{"in0":[-1]}\n';
/** Of no input that the model has, which only the model knows. */
const UNKNOWN = '{"in0":[4000]}\n';

let local: LambdaService;

beforeAll(async () => {
  // The engine that starts sooner: nothing here is about what a model answers.
  local = await startLambdaService({}, 'js');
});

afterAll(() => local.close());

describe('a night on which all goes well', () => {
  it('checks the input in parts, transforms it, counts it, leaves a manifest, and tells nobody', async () => {
    // Prepare: parts of a few bytes, so that there are several.
    const validator: LambdaHandler = (event) =>
      validate(actionOf(event) === 'plan' ? { ...(event as object), bytesPerPart: GOOD.length } : event);
    const night = await deployNight(local, 'well', { 'a.jsonl': GOOD, 'b.jsonl': GOOD.repeat(3) }, { validator });

    // Act
    const run = await night.run();

    // Assess
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { reconciled: true, recordsIn: 4, recordsOut: 4 } });
    expect(run.visited.filter((name) => name === 'ValidatePart')).toHaveLength(4);
    expect(new Set(run.pauses.map(String))).toEqual(new Set(['Wait,60']));
    const outputs = await night.outputs();
    expect(outputs.map((key) => key.split('/').at(-1))).toEqual(['a.jsonl.out', 'b.jsonl.out', 'manifest.json']);
    expect((await night.read(outputs[1]!)).match(/"embeddings"/g)).toHaveLength(3);
    expect(JSON.parse(await night.read(outputs[2]!))).toMatchObject({ totals: { reconciled: true, recordsIn: 4 } });
    expect(night.account.notices).toEqual([]);
  });
});

describe('a night on which somebody is told', () => {
  it('of a bad record, before any job is made', async () => {
    const night = await deployNight(local, 'bad', { 'a.jsonl': GOOD, 'b.jsonl': GOOD + NEGATIVE });
    const run = await night.run();

    expect(run).toMatchObject({
      status: 'FAILED',
      error: 'InputRejected',
      cause: expect.stringContaining('1 bad records and 0 faults of objects'),
    });
    expect(run.visited).not.toContain('Create');
    const [notice] = night.account.notices;
    expect(notice?.Subject).toMatch(/^Twinvec: InputRejected: nightly-embeddings-/);
    expect(notice?.Message).toContain('b.jsonl (line 2, byte 12): ');
    expect(notice?.Message).toContain(run.id);
  });

  it('of records that only the model could refuse, with their count', async () => {
    const night = await deployNight(local, 'lost', { 'a.jsonl': GOOD + UNKNOWN });
    const run = await night.run();

    expect(run).toMatchObject({
      error: 'RecordsLost',
      cause: expect.stringMatching(/ 1 placeholders; see s3:.*manifest/),
    });
    expect(night.account.notices).toMatchObject([{ Message: expect.stringContaining('1 placeholder in the output') }]);
  });

  it('of an input that changed while the job went on', async () => {
    const night = await deployNight(local, 'moved', { 'a.jsonl': GOOD });
    const run = await night.run({ pause: () => night.put('late.jsonl', GOOD) });

    expect(run).toMatchObject({ error: 'InputChanged', cause: expect.stringMatching(/manifest\.json$/) });
    expect(night.account.notices).toMatchObject([
      { Message: expect.stringContaining('added, removed or overwritten') },
    ]);
  });

  it('of a job that was stopped, which is not run again', async () => {
    const { orchestrator, jobs } = orchestratorWith();
    const night = await deployNight(local, 'stopped', { 'a.jsonl': GOOD.repeat(50_000) }, { orchestrator });
    const run = await night.run({
      async pause() {
        const [TransformJobName] = jobs;
        await local.sageMaker.send(new StopTransformJobCommand({ TransformJobName })).catch(() => undefined);
        await pauseShortly();
      },
    });

    expect(run).toMatchObject({ error: 'TransformFailed', cause: expect.stringMatching(/^Stopped: /) });
    expect(jobs).toHaveLength(1);
    expect(night.account.notices).toMatchObject([{ Message: expect.stringContaining('The job is Stopped.') }]);
  });

  it('of a step that cannot be done, in the words of what it threw', async () => {
    const night = await deployNight(local, 'nowhere', {}, { inputBucket: 'there-is-no-such-bucket' });
    const run = await night.run();

    expect(run).toMatchObject({ error: 'StepFailed', cause: expect.stringContaining('there-is-no-such-bucket') });
    expect(run.visited.slice(-4)).toEqual(['Explain', 'Tell', 'Ended?', 'StepFailed']);
    expect(night.account.notices).toMatchObject([{ Message: expect.stringContaining('there-is-no-such-bucket') }]);
  });

  it.each([
    [
      'the topic refuses it',
      async (night: Night) => {
        night.account.topicFailure = new StateFailure('Sns.AuthorizationErrorException', 'not authorized');
      },
      6,
    ],
    ['it cannot be written', async () => {}, 0],
  ])('who cannot be, because %s: the run ends as it would have', async (what, hinder, retries) => {
    // Prepare
    const { orchestrator } = orchestratorWith(async (action) => {
      if (action === 'notice' && retries === 0) throw new Error('out of words');
    });
    const night = await deployNight(
      local,
      retries === 0 ? 'wordless' : 'unheard',
      { 'a.jsonl': NEGATIVE },
      { orchestrator },
    );
    await hinder(night);

    // Act
    const run = await night.run();

    // Assess
    expect(run, what).toMatchObject({ error: 'InputRejected' });
    expect(run.pauses.filter(([state]) => state === 'Tell')).toHaveLength(retries);
    expect(night.account.notices).toEqual([]);
  });
});

describe('a night on which one file fails', () => {
  it('runs that file again under a name of its own, and ends well', async () => {
    // Prepare: a record larger than MaxPayload, from when the job reads it until it has ended.
    const large = `{"in0":[${'1,'.repeat(3_500_000)}1]}\n`;
    const { orchestrator, jobs } = orchestratorWith(async (action) => {
      if (action === 'create' && jobs.length === 0) await night.put('b.jsonl', large);
    });
    const night = await deployNight(local, 'again', { 'a.jsonl': GOOD, 'b.jsonl': GOOD }, { orchestrator });

    // Act
    const run = await night.run({
      async pause() {
        await untilJobEnded(local, jobs.at(-1));
        await night.put('b.jsonl', GOOD);
      },
    });

    // Assess
    expect(jobs).toEqual([jobs[0], `${jobs[0]}-r1`]);
    expect(run.visited.filter((name) => ['Create', 'Reconcile', 'Retry', 'Done'].includes(name))).toEqual([
      'Create',
      'Reconcile',
      'Retry',
      'Create',
      'Reconcile',
      'Done',
    ]);
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { reconciled: true, files: 2, recordsOut: 2 } });
    expect(night.account.notices).toEqual([]);
  });
});
