/**
 * What the state machine of batch transforms does when Lambda, SageMaker or a run beside it is in its way: the
 * synthesised Retry, Catch and overlap rule, with the real functions, and behind them `twinvec local`.
 */
import { CreateTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '#core/limits.ts';
import { handler as validate } from '../../lambdas/validator/handler.ts';
import { type LambdaHandler, PlatformFailure } from '../fixtures/state-machine/account.ts';
import { deployNight, orchestratorWith } from './deployed-night.ts';
import { type LambdaService, startLambdaService } from './lambda-service.ts';
import { untilJobEnded } from './until-job-ended.ts';

const GOOD = '{"in0":[1]}\n';

let local: LambdaService;

beforeAll(async () => {
  // The engine that starts sooner: nothing here is about what a model answers.
  local = await startLambdaService({}, 'js');
});

afterAll(() => local.close());

describe('a Lambda that is not let in', () => {
  it('once in every step is called again, and nobody is told', async () => {
    // Prepare
    const refused = new Set<string>();
    const throttled = (step: string) => {
      if (refused.has(step)) return;
      refused.add(step);
      throw new PlatformFailure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
    };
    const { orchestrator, jobs } = orchestratorWith(async (action) => throttled(action));
    const validator: LambdaHandler = async (event) => {
      throttled(`validator ${(event as { action?: string }).action}`);
      return validate(event);
    };
    const night = await deployNight(local, 'throttled', { 'a.jsonl': GOOD }, { orchestrator, validator });

    // Act
    const run = await night.run();

    // Assess
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { reconciled: true } });
    expect(run.pauses.filter(([state]) => state !== 'Wait')).toEqual([
      ['Plan', 5],
      ['Divide', 5],
      ['ValidatePart', 5],
      ['Merge', 5],
      ['Create', 60],
      ['Observe', 5],
      ['Reconcile', 5],
    ]);
    expect(jobs).toHaveLength(1);
    expect(night.account.notices).toEqual([]);
  });

  it('ever is called as often as its step allows, with pauses that grow, and somebody is told', async () => {
    const { orchestrator } = orchestratorWith(async (action) => {
      if (action === 'plan') throw new PlatformFailure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
    });
    const night = await deployNight(local, 'full', { 'a.jsonl': GOOD }, { orchestrator });
    const run = await night.run();

    expect(run).toMatchObject({ error: 'StepFailed', cause: 'Lambda.TooManyRequestsException: Rate Exceeded.' });
    expect(run.pauses).toEqual([5, 10, 20, 40, 80, 160].map((seconds) => ['Plan', seconds]));
    expect(night.account.notices).toMatchObject([{ Message: expect.stringContaining('Rate Exceeded.') }]);
  });
});

describe('a Lambda that is killed', () => {
  it('while it counts is started again once, and then somebody is told', async () => {
    const { orchestrator } = orchestratorWith(async (action) => {
      if (action === 'reconcile') throw new PlatformFailure('Sandbox.Timedout', 'Task timed out after 900.00 seconds');
    });
    const night = await deployNight(local, 'killed', { 'a.jsonl': GOOD }, { orchestrator });
    const run = await night.run();

    expect(run).toMatchObject({
      error: 'StepFailed',
      cause: expect.stringMatching(/^Sandbox\.Timedout: Task timed out/),
    });
    expect(run.pauses.filter(([state]) => state === 'Reconcile')).toEqual([['Reconcile', 30]]);
    expect(night.account.notices).toMatchObject([{ Message: expect.stringContaining('Task timed out') }]);
  });

  it('while it reads parts leaves them unread: no job is made, and somebody is told why', async () => {
    // Prepare: three parts, of which the first can be read.
    const validator: LambdaHandler = async (event) => {
      const { action, part } = event as { readonly action?: string; readonly part?: { readonly throughKey: string } };
      if (action === 'plan') return validate({ ...(event as object), bytesPerPart: GOOD.length });
      if (part && !part.throughKey.endsWith('a.jsonl')) {
        throw new PlatformFailure('Sandbox.Timedout', `Task timed out at ${part.throughKey}`);
      }
      return validate(event);
    };
    const night = await deployNight(
      local,
      'unread',
      { 'a.jsonl': GOOD, 'b.jsonl': GOOD, 'c.jsonl': GOOD },
      { validator },
    );

    // Act
    const run = await night.run();

    // Assess
    const cause = 'Sandbox.Timedout: Task timed out at embeddings/b.jsonl';
    expect(run).toMatchObject({ error: 'StepFailed', cause });
    expect(run.visited).not.toContain('Create');
    expect(night.account.notices).toMatchObject([{ Message: expect.stringContaining(cause) }]);
  });
});

describe('a part that the validator refuses', () => {
  it('is told in its words, however long its stack is', async () => {
    const validator: LambdaHandler = async (event) => {
      if (!('part' in (event as object))) return validate(event);
      throw Object.assign(new Error(`s3:GetObject is not allowed on "b". ${'x'.repeat(800)}`), {
        name: 'AccessDenied',
      });
    };
    const night = await deployNight(local, 'refused', { 'a.jsonl': GOOD }, { validator });
    const run = await night.run();

    expect(run).toMatchObject({ error: 'StepFailed', cause: expect.stringMatching(/^AccessDenied: .{1800}$/) });
    const [notice] = night.account.notices;
    expect(notice?.Message).toMatch(/^Reason {5}AccessDenied: s3:GetObject is not allowed on "b"\. x{800}$/m);
  });
});

describe('an account without instances to spare', () => {
  it('is asked again until it has some', async () => {
    // Prepare: a job that takes all of them.
    const night = await deployNight(local, 'quota', { 'a.jsonl': GOOD });
    await local.put('input', 'long/a.jsonl', GOOD.repeat(20_000));
    await local.sageMaker.send(
      new CreateTransformJobCommand({
        TransformJobName: 'takes-all',
        ModelName: 'quota',
        TransformInput: { DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://input/long/' } } },
        TransformOutput: { S3OutputPath: 's3://output/long' },
        TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: LIMITS.localInstances.value },
      }),
    );

    // Act
    const run = await night.run({ pause: () => untilJobEnded(local, 'takes-all') });

    // Assess
    expect(run.pauses.slice(0, 2)).toEqual([
      ['Create', 60],
      ['Wait', 60],
    ]);
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { reconciled: true } });
  });
});

describe('a run whose predecessor', () => {
  const EARLIER = '2026-11-21T03:00:01.250Z';
  const LATER = '2026-11-21T03:00:02.000Z';

  /** Runs until it has found its place among the others. */
  async function runBeside(name: string, others: readonly (readonly [name: string, startTime: string])[]) {
    const night = await deployNight(local, name, { 'a.jsonl': GOOD });
    const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:twinvec-prod-transform';
    for (const [Name, StartTime] of others) {
      const Execution = { Id: `${machine.replace('stateMachine', 'execution')}:${Name}`, Name, Input: {}, StartTime };
      night.account.running.push({ Execution, StateMachine: { Id: machine, Name: 'twinvec-prod-transform' } });
    }
    return night.run({ executionId: 'm', startTime: LATER });
  }

  it('goes on is left out, and does not fail', async () => {
    const run = await runBeside('beside-earlier', [['nightly-embeddings_b', EARLIER]]);
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { skipped: expect.stringContaining('earlier run') } });
    expect(run.visited.at(-1)).toBe('Skipped');
  });

  it.each([
    ['started later', [['nightly-embeddings_b', '2026-11-21T03:00:02.001Z']]],
    ['is of another job', [['weekly_b', EARLIER]]],
    ['is of another job whose name starts as its own', [['nightly-embeddings-again_b', EARLIER]]],
    ['was started by hand', [['0b1c2d3e', EARLIER]]],
    ['has ended', []],
  ] as const)('%s goes on', async (what, others) => {
    const run = await runBeside(`beside-${what.replaceAll(' ', '-').slice(-20)}`, others);
    expect(run.visited.at(-1)).toBe('Done');
  });

  it('started in the same millisecond goes on when its name is the first, so that only one of them does', async () => {
    const [left, right] = [
      await runBeside('tie-after', [['nightly-embeddings_b', LATER]]),
      await runBeside('tie-before', [['nightly-embeddings_z', LATER]]),
    ];
    expect([left.visited.at(-1), right.visited.at(-1)]).toEqual(['Skipped', 'Done']);
  });
});
