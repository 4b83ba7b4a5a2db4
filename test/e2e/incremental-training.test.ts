/** A real job that starts from the model of an earlier one, as SageMaker delivers it and from the command line. */
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBundle } from '../../container/src/savedmodel/tensor-bundle-reader.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { type Finished, JobFolder, TOPICS, topicPairs, WORDS } from '../fixtures/training-job/training-job.ts';
import { runTwinvec } from '../run-twinvec.ts';

const hyperparameters = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: String(TOPICS * WORDS),
  enc0_max_seq_len: '5',
  enc_dim: '16',
  mlp_layers: '1',
  mlp_dim: '16',
  mlp_activation: 'relu',
  learning_rate: '0.01',
  epochs: '3',
};
/** Steps so small that weights of about 1 keep every digit that a comparison looks at. */
const almostStill = { ...hyperparameters, optimizer: 'sgd', learning_rate: '0.000001', epochs: '1' };

let job: JobFolder;
beforeEach(async () => {
  job = await JobFolder.make();
  await job.configure(hyperparameters);
  await job.put('input/data/train/part.jsonl', topicPairs(0, 1000));
  await job.put('input/data/validation/part.jsonl', topicPairs(2000, 200));
});
afterEach(() => job.remove());

/** Trains, and puts the model into the channel as SageMaker does. */
async function trainFirst(engine: string): Promise<Finished> {
  const first = await job.run(engine);
  expect(first.code, first.stderr).toBe(0);
  await mkdir(join(job.dir, 'input/data/model'), { recursive: true });
  const file = join(job.dir, 'input/data/model/model.tar.gz');
  await tar.create({ file, gzip: true, cwd: join(job.dir, 'model') }, await readdir(join(job.dir, 'model')));
  await cp(join(job.dir, 'model'), join(job.dir, 'first'), { recursive: true });
  return first;
}

const losses = ({ stdout }: Finished): number[] =>
  [...stdout.matchAll(/epoch=\d+, validation cross_entropy <loss>=(\S+)/g)].map(([, loss]) => Number(loss));

function weights(folder: string): Map<string, Float32Array> {
  const bundle = openBundle(join(job.dir, folder, '1/variables/variables'));
  const values = new Map([...bundle.tensors.keys()].map((name) => [name, bundle.readFloat32(name)]));
  bundle.close();
  return values;
}

const failure = (): Promise<string> => readFile(join(job.dir, 'output/failure'), 'utf8');

describe.each(ENGINES)('incremental training on engine %s', (engine) => {
  it('starts from the weights of the model, at epoch 0, and a larger vocabulary keeps its rows', async () => {
    // Prepare
    const first = await trainFirst(engine);
    const size = TOPICS * WORDS;
    await job.configure({ ...almostStill, enc0_vocab_size: String(size + 25), enc0_max_seq_len: '7', dropout: '0.1' });

    // Act
    const second = await job.run(engine);

    // Assess
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).toContain(
      'Weights start from those of the model in channel "model"; 25 tokens of enc0 are new and start as in a new job; 25 tokens of enc1',
    );
    expect(second.stderr).not.toContain('Channel "model" is not read');
    expect(losses(second)[0]!).toBeCloseTo(Math.min(...losses(first)), 3);
    const [before, after] = [weights('first'), weights('model')];
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, values] of before) {
      const now = after.get(name)!;
      expect(now.length, name).toBe(values.length + (name.startsWith('embed_') ? 25 * 16 : 0));
      const far = values.reduce((most, value, i) => Math.max(most, Math.abs(value - now[i]!)), 0);
      expect(far, name).toBeLessThan(1e-4);
    }
    const fresh = after.get('embed_0_weight')!.subarray(size * 16);
    expect(fresh.every((value) => value !== 0)).toBe(true);
  });

  it('goes on from a checkpoint of a job that started from a model, and not with another model', async () => {
    // Prepare
    await trainFirst(engine);
    await mkdir(join(job.dir, 'checkpoints'));
    // Enough epochs that the kill comes before their end.
    await job.configure({ ...hyperparameters, epochs: '40' });
    const straight = await job.run(engine);
    const model = await job.contents('model');
    await rm(join(job.dir, 'checkpoints'), { recursive: true });
    await mkdir(join(job.dir, 'checkpoints'));

    // Act
    await job.run(engine, {
      onOutput: (stdout, child) => {
        if (stdout.includes('epoch=1, validation')) child.kill('SIGKILL');
      },
    });
    const resumed = await job.run(engine);
    await rm(join(job.dir, 'input/data/model/model.tar.gz'));
    await cp(join(job.dir, 'model'), join(job.dir, 'input/data/model'), { recursive: true });
    const other = await job.run(engine);

    // Assess
    expect(straight.code, straight.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/Going on from checkpoint epoch-\d+-step-/);
    expect(await job.contents('model')).toEqual(model);
    expect(other.code).toBe(1);
    expect(await failure()).toContain('channel "model" has another model');
  });
});

describe('a model that a job cannot start from', () => {
  it('is refused with all that does not fit', async () => {
    await trainFirst('js');
    await job.configure({
      ...hyperparameters,
      enc0_vocab_size: '30',
      enc_dim: '32',
      mlp_activation: 'tanh',
      output_layer: 'mean_squared_error',
    });
    const finished = await job.run('js');
    expect(finished.code).toBe(1);
    expect(await failure()).toBe(
      'ClientError: Channel "model" does not fit the job: enc_dim is 32 and was 16; mlp_activation is tanh and was relu; ' +
        'output_layer is mean_squared_error and was softmax; num_classes is without effect and was 2; ' +
        'enc0_vocab_size is 30 and was 40; enc1_vocab_size is 30 and was 40. Set what the model was trained with.',
    );
    expect((await readdir(job.dir)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    [
      'nothing',
      {},
      'is no model: it needs one model.tar.gz, or object2vec.json and what belongs to it; found: nothing.',
    ],
    ['something else', { 'weights.h5': 'x' }, 'found: "weights.h5".'],
    ['a broken archive', { 'model.tar.gz': 'x' }, 'Channel "model": the model archive'],
    [
      'a manifest alone',
      { 'object2vec.json': '{}' },
      'Channel "model": object2vec.json is not a Twinvec Object2Vec manifest',
    ],
  ])('because the channel holds %s is refused', async (_, files, problem) => {
    await mkdir(join(job.dir, 'input/data/model'), { recursive: true });
    for (const [name, content] of Object.entries(files)) await job.put(`input/data/model/${name}`, content as string);
    const finished = await job.run('js');
    expect(finished.code).toBe(1);
    expect(await failure()).toContain(problem);
  });

  it('because a byte of its weights is another is refused', async () => {
    await trainFirst('js');
    const data = join(job.dir, 'first/1/variables/variables.data-00000-of-00001');
    const bytes = await readFile(data);
    bytes[100]! ^= 1;
    await rm(join(job.dir, 'input/data/model'), { recursive: true });
    await cp(join(job.dir, 'first'), join(job.dir, 'input/data/model'), { recursive: true });
    await job.put('input/data/model/1/variables/variables.data-00000-of-00001', bytes);
    const finished = await job.run('js');
    expect(finished.code).toBe(1);
    expect(await failure()).toMatch(/^ClientError: Channel "model": Variable \w+ fails its checksum/);
  });
});

describe('twinvec train', () => {
  it('keeps checkpoints and starts from a model, folder or archive', async () => {
    // Prepare
    await trainFirst('js');
    const run = (output: string, ...options: string[]) =>
      runTwinvec([
        ...['train', '--train', join(job.dir, 'input/data/train'), '--output', join(job.dir, output)],
        ...['--set', ...Object.entries({ ...hyperparameters, epochs: '1' }).map((pair) => pair.join('='))],
        ...['--engine', 'js', ...options],
      ]);

    // Act
    const fromFolder = await run('two', '--from', join(job.dir, 'first'), '--checkpoints', join(job.dir, 'saved'));
    const fromArchive = await run('three', '--from', join(job.dir, 'input/data/model/model.tar.gz'));
    const again = await run('four', '--from', join(job.dir, 'first'), '--checkpoints', join(job.dir, 'saved'));

    // Assess
    expect(fromFolder.exitCode, fromFolder.errors).toBe(0);
    expect(fromFolder.errors).toContain('Weights start from those of the model');
    expect(await readdir(join(job.dir, 'saved'))).toEqual(['epoch-1-step-32']);
    expect(again.errors).toContain(
      'Going on from checkpoint epoch-1-step-32: training was over, only the model is made.',
    );
    const two = await job.contents('two');
    expect(Object.keys(two)).toContain('object2vec.json');
    expect(await job.contents('three'), fromArchive.errors).toEqual(two);
    expect(await job.contents('four')).toEqual(two);
  });
});
