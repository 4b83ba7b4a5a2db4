/**
 * A real `train` process that is killed and started again ends with the very model and metrics of one that never was,
 * wherever it was killed, on both engines.
 */
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { type Finished, JobFolder, type RunOptions, topicPairs } from '../fixtures/training-job/training-job.ts';

const PARTIAL = '.twinvec-checkpoint-partial';

const hyperparameters = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: '2000',
  enc0_max_seq_len: '5',
  enc_dim: '16',
  mlp_layers: '1',
  mlp_dim: '16',
  mlp_activation: 'relu',
  learning_rate: '0.002',
  mini_batch_size: '8',
  epochs: '4',
  dropout: '0.1',
  negative_sampling_rate: '1',
};

let job: JobFolder;
beforeEach(async () => {
  job = await JobFolder.make();
  await job.configure(hyperparameters);
  await job.put('input/data/train/part.jsonl', topicPairs(0, 800));
  await job.put('input/data/validation/part.jsonl', topicPairs(2000, 200));
  await job.put('input/data/test/part.jsonl', topicPairs(2400, 200));
  await mkdir(join(job.dir, 'checkpoints'));
});
afterEach(() => job.remove());

/** As often as it can be, so that every kill finds a checkpoint in the middle of an epoch. */
const OFTEN = { TWINVEC_CHECKPOINT_SECONDS: '0' };

interface Straight {
  readonly finished: Finished;
  readonly model: Record<string, Buffer>;
}

const straightRuns = new Map<string, Straight>();

/** What the job gives without checkpoints and without a kill. */
async function straight(engine: string): Promise<Straight> {
  const key = `${engine} ${await readFile(join(job.dir, 'input/config/hyperparameters.json'), 'utf8')}`;
  const known = straightRuns.get(key) ?? (await runStraight(engine));
  straightRuns.set(key, known);
  return known;
}

async function runStraight(engine: string): Promise<Straight> {
  await rm(join(job.dir, 'checkpoints'), { recursive: true });
  const finished = await job.run(engine);
  expect(finished.code, finished.stderr).toBe(0);
  const model = await job.contents('model');
  await rm(join(job.dir, 'model'), { recursive: true });
  await mkdir(join(job.dir, 'checkpoints'));
  return { finished, model };
}

const metricLines = (runs: readonly Finished[]): string[] =>
  [
    ...new Set(runs.flatMap(({ stdout }) => stdout.match(/^#(quality_metric|progress_metric|test_score).*$/gm) ?? [])),
  ].sort();

const killWhen = (text: string, signal: NodeJS.Signals = 'SIGKILL'): RunOptions => ({
  env: OFTEN,
  onOutput: (stdout, child) => {
    if (stdout.includes(text) && !child.killed) child.kill(signal);
  },
});

const checkpointNames = async (): Promise<string[]> => (await readdir(join(job.dir, 'checkpoints'))).sort();

async function expectSameAsStraight(runs: readonly Finished[], expected: Straight) {
  const last = runs.at(-1)!;
  expect(last.code, last.stderr).toBe(0);
  expect(metricLines(runs)).toEqual(metricLines([expected.finished]));
  expect(await job.contents('model')).toEqual(expected.model);
  expect((await checkpointNames()).length).toBeLessThanOrEqual(2);
  expect((await readdir(job.dir)).sort()).toEqual(['checkpoints', 'input', 'model']);
}

describe.each(ENGINES)('a killed training job on engine %s', (engine) => {
  it.each([
    ['in the middle of an epoch', 'Epoch: 1, batches: 100,', 'SIGKILL'],
    ['after an epoch', 'epoch=2, validation accuracy', 'SIGKILL'],
    ['when the last epoch is done', 'epoch=3, validation accuracy', 'SIGKILL'],
    ['by SIGTERM in the middle of an epoch', 'Epoch: 2, batches: 100,', 'SIGTERM'],
  ] as const)('%s goes on to the same bytes', async (_, text, signal) => {
    // Prepare
    const expected = await straight(engine);

    // Act
    const killed = await job.run(engine, killWhen(text, signal));
    const modelAfterKill = Object.keys(await job.contents('model'));
    const resumed = await job.run(engine, { env: OFTEN });

    // Assess
    expect(resumed.stderr).toMatch(/^Going on from checkpoint epoch-\d+-step-\d+: /m);
    if (signal === 'SIGKILL') {
      expect(killed.signal).toBe('SIGKILL');
      expect(modelAfterKill).toEqual([]);
    } else {
      // As SageMaker has it: a model of the best epoch so far, and a checkpoint in case the job goes on elsewhere.
      expect(killed.code, killed.stderr).toBe(0);
      expect(modelAfterKill).toContain('object2vec.json');
      expect(resumed.stderr).toMatch(/epoch 2, batch [1-9]/);
    }
    await expectSameAsStraight([killed, resumed], expected);
  });

  it('while it writes a checkpoint goes on from the one before', async () => {
    // Prepare: tables of which writing takes a while
    await job.configure({ ...hyperparameters, enc0_vocab_size: '30000', epochs: '2' });
    const expected = await straight(engine);

    // Act: until it was caught in the act
    const runs: Finished[] = [];
    let caught = false;
    for (let attempts = 0; !caught && attempts < 8; attempts++) {
      const watcher = watch(join(job.dir, 'checkpoints'));
      let seen = 0;
      const killAtWrite: RunOptions = {
        env: OFTEN,
        onStart: (child) =>
          watcher.on('change', (_, name) => {
            seen += name === PARTIAL ? 1 : 0;
            // The probe at the start makes and removes the folder too.
            if (seen > 2) child.kill('SIGKILL');
          }),
      };
      const run = await job.run(engine, killAtWrite);
      watcher.close();
      expect(run.signal, run.stderr).toBe('SIGKILL');
      runs.push(run);
      caught = (await checkpointNames()).includes(PARTIAL);
    }
    const resumed = await job.run(engine);

    // Assess
    expect(caught).toBe(true);
    await expectSameAsStraight([...runs, resumed], expected);
  });

  it('passes over a damaged checkpoint, with the reason', async () => {
    // Prepare
    const expected = await straight(engine);
    const killed = await job.run(engine, killWhen('epoch=1, validation accuracy'));
    const [newest] = (await checkpointNames()).filter((name) => name !== PARTIAL).reverse();
    const state = join(job.dir, 'checkpoints', newest!, 'state.data-00000-of-00001');
    await truncate(state, (await readFile(state)).length - 1);

    // Act
    const resumed = await job.run(engine);

    // Assess
    expect(resumed.stderr).toMatch(
      new RegExp(
        `Checkpoint ${newest} is incomplete or damaged and is passed over: state\\.data.* has \\d+ bytes and not`,
      ),
    );
    expect(resumed.stderr).toContain('Going on from checkpoint epoch-');
    await expectSameAsStraight([killed, resumed], expected);
  });

  it('keeps its early stopping and its best epoch', async () => {
    // Prepare
    await job.configure({
      ...hyperparameters,
      epochs: '20',
      early_stopping_patience: '2',
      early_stopping_tolerance: '0.1',
    });
    const expected = await straight(engine);
    expect(expected.finished.stderr).toContain('Early stopping criterion met!');

    // Act
    const runs = [
      await job.run(engine, killWhen('epoch=1, validation accuracy')),
      await job.run(engine, killWhen('epoch=3, validation accuracy')),
      await job.run(engine),
    ];

    // Assess
    expect(runs.at(-1)!.stderr).toContain('Early stopping criterion met!');
    await expectSameAsStraight(runs, expected);
  });
});

describe('a checkpoint', () => {
  it('of the other engine is gone on from', async () => {
    const [writer, reader] = [ENGINES[0]!, ENGINES.at(-1)!];
    const killed = await job.run(writer, killWhen('Epoch: 1, batches: 100,'));
    const resumed = await job.run(reader);
    expect(killed.signal).toBe('SIGKILL');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/Going on from checkpoint epoch-1-step-\d+: epoch 1, batch /);
  });

  it('of a job with other settings and data is refused, naming each', async () => {
    // Prepare
    await job.run('js', killWhen('epoch=0, validation accuracy'));
    await job.configure({ ...hyperparameters, learning_rate: '0.02', mlp_dim: '8' });
    await job.put('input/data/train/part.jsonl', topicPairs(0, 700));

    // Act
    const finished = await job.run('js');

    // Assess
    expect(finished.code).toBe(1);
    const failure = await readFile(join(job.dir, 'output/failure'), 'utf8');
    expect(failure).toMatch(/^ClientError: The checkpoint epoch-\d-step-\d+ is of another job: /);
    expect(failure).toContain(
      'mlp_dim is 8 and was 16; learning_rate is 0.02 and was 0.002; channel "train" has other',
    );
    expect(failure).toContain('empty the folder to train from the beginning');
  });

  it('of a finished job gives more epochs the very result of a longer job', async () => {
    // Prepare
    await job.configure({ ...hyperparameters, epochs: '4' });
    const expected = await straight('js');
    await job.configure({ ...hyperparameters, epochs: '2' });
    const short = await job.run('js');

    // Act
    await job.configure({ ...hyperparameters, epochs: '4' });
    const longer = await job.run('js');

    // Assess
    expect(short.code, short.stderr).toBe(0);
    expect(longer.stderr).toContain('epoch 2, batch 0');
    expect(longer.code).toBe(0);
    expect(await job.contents('model')).toEqual(expected.model);
  });

  it('with a learning rate that follows the number of epochs does not take more epochs', async () => {
    await job.configure({ ...hyperparameters, epochs: '1', learning_rate_schedule: 'linear' });
    await job.run('js');
    await job.configure({ ...hyperparameters, epochs: '2', learning_rate_schedule: 'linear' });
    const longer = await job.run('js');
    expect(longer.code).toBe(1);
    expect(longer.stderr).toContain('epochs is 2 and was 1');
  });
});
