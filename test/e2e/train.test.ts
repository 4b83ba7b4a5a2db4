/** A real `train` process in a folder laid out as SageMaker does, on both engines: it learns, repeats itself, and fails well. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '#core/limits.ts';
import { readManifest } from '../../container/src/object2vec/artifact.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { TOPICS, topicPairs, WORDS } from '../fixtures/training-job/training-job.ts';

const MAIN = fileURLToPath(new URL('../../container/src/main.ts', import.meta.url));

const hyperparameters = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: String(TOPICS * WORDS),
  enc0_max_seq_len: '5',
  enc_dim: '16',
  mlp_layers: '1',
  mlp_dim: '16',
  mlp_activation: 'relu',
  learning_rate: '0.01',
  mini_batch_size: '32',
  epochs: '6',
  sagemaker_job_name: '"pairs-1"',
};

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'twinvec-train-'));
});
afterEach(() => rm(baseDir, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(baseDir, path)), { recursive: true });
  await writeFile(join(baseDir, path), content);
}

async function layOutJob(changes: Record<string, string> = {}): Promise<void> {
  await put('input/config/hyperparameters.json', JSON.stringify({ ...hyperparameters, ...changes }));
  await put('input/config/inputdataconfig.json', '{"train":{},"validation":{},"test":{}}');
  await put('input/config/resourceconfig.json', '{"current_host":"algo-1","hosts":["algo-1"]}');
  await put('input/data/train/a.jsonl', topicPairs(0, 1000));
  await put('input/data/train/b.jsonl.gz', gzipSync(topicPairs(1000, 1000)));
  await put('input/data/validation/part.jsonl', topicPairs(2000, 400));
  await put('input/data/test/part.jsonl', topicPairs(2400, 400));
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function train(engine: string, stopWhen: (stdout: string) => boolean = () => false): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, 'train'], {
    env: { ...process.env, SAGEMAKER_BASE_DIR: baseDir, TWINVEC_ENGINE: engine },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (!child.killed && stopWhen(stdout)) child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const qualityLines = ({ stdout }: Finished): string[] => stdout.match(/^#quality_metric.*$/gm) ?? [];

/** The last value of a metric such as `validation accuracy`. */
function lastValue(finished: Finished, metric: string): number {
  const line = qualityLines(finished).findLast((candidate) => candidate.includes(` ${metric} `));
  return Number(line?.split('=').at(-1));
}

const modelFiles = async (): Promise<string[]> =>
  (await readdir(join(baseDir, 'model'), { recursive: true }).catch(() => [])).sort();

const failure = (): Promise<string> => readFile(join(baseDir, 'output/failure'), 'utf8');

/** Every refusal leaves the same marks: a reason of SageMaker's length, exit code 1, no model and no staging folder. */
async function expectFailure({ code, stderr }: Finished, reason: RegExp): Promise<void> {
  expect(await failure(), stderr).toMatch(reason);
  expect((await failure()).length).toBeLessThanOrEqual(LIMITS.failureFile.value);
  expect(code).toBe(1);
  expect(await modelFiles()).toEqual([]);
  expect((await readdir(baseDir)).filter((name) => name.startsWith('.'))).toEqual([]);
}

describe.each(ENGINES)('a training job on engine %s', (engine) => {
  it('ranks the positives of validation and test among negatives drawn for them, in each epoch and in the end', async () => {
    // Prepare
    await layOutJob({ validation_negative_sampling_rate: '20', epochs: '3' });

    // Act
    const finished = await train(engine);

    // Assess: half of 400 rows are positive; by chance, hits at 5 of 21 candidates would be 0.24
    expect(finished.code, finished.stderr).toBe(0);
    const told = qualityLines(finished).filter((line) => line.includes(' hits_at_5 <score>='));
    expect(told.map((line) => line.replace(/=[\d.]+$/, ''))).toEqual([
      ...[0, 1, 2].map((epoch) => `#quality_metric: host=algo-1, epoch=${epoch}, validation hits_at_5 <score>`),
      '#quality_metric: host=algo-1, test hits_at_5 <score>',
    ]);
    expect(lastValue(finished, 'test hits_at_5')).toBeGreaterThan(0.3);
    expect(lastValue(finished, 'test mean_rank')).toBeLessThan(11);
    expect(lastValue(finished, 'test mean_reciprocal_rank')).toBeGreaterThan(0.2);
  });

  it('learns the task, prints SageMaker’s metric lines and writes the artifact', async () => {
    // Prepare
    await layOutJob();

    // Act
    const finished = await train(engine);

    // Assess
    expect(finished.code, finished.stderr).toBe(0);
    expect(lastValue(finished, 'validation accuracy')).toBeGreaterThan(0.95);
    expect(lastValue(finished, 'test accuracy')).toBeGreaterThan(0.95);
    expect(finished.stdout).toMatch(/#progress_metric: host=algo-1, completed 100 %/);
    expect(finished.stdout).toMatch(/#throughput_metric: host=algo-1, train throughput=\S+ records\/second/);
    expect(finished.stdout).toMatch(/^#test_score \(algo-1\) : \('accuracy', 0\.\d+\)|^#test_score .* 1\)/m);
    expect(finished.stderr).toContain(`Engine: ${engine} `);
    expect(await modelFiles()).toEqual([
      '1',
      '1/saved_model.pb',
      '1/variables',
      '1/variables/variables.data-00000-of-00001',
      '1/variables/variables.index',
      'object2vec.json',
    ]);
    const manifest = await readManifest(join(baseDir, 'model'));
    expect(manifest.best?.metric).toBe('validation:cross_entropy');
    expect(manifest.encodingDim).toBe(16);
    expect(manifest.hyperparameters).toMatchObject({ enc_dim: '16', dropout: '0', enc1_vocab_size: '40' });
    expect(manifest.tensors.length).toBeGreaterThan(4);
    expect((await readdir(baseDir)).sort()).toEqual(['input', 'model']);
  });

  it('gives the same metrics for the same seed, and others for another', async () => {
    const run = async (seed: string): Promise<string[]> => {
      await layOutJob({ seed, epochs: '2', negative_sampling_rate: '1', dropout: '0.2' });
      return qualityLines(await train(engine));
    };
    const first = await run('5');
    expect(first.length).toBeGreaterThan(6);
    expect(await run('5')).toEqual(first);
    expect(await run('6')).not.toEqual(first);
  });

  it('learns with a bilstm encoder of two layers beside a pooled one', async () => {
    await layOutJob({
      enc0_network: 'bilstm',
      enc0_layers: '2',
      enc0_token_embedding_dim: '12',
      enc1_network: 'pooled_embedding',
      enc1_vocab_size: String(TOPICS * WORDS),
      enc1_max_seq_len: '5',
    });
    const finished = await train(engine);
    expect(finished.code, finished.stderr).toBe(0);
    expect(lastValue(finished, 'test accuracy')).toBeGreaterThan(0.95);
  });

  it('learns with hcnn encoders of its own on each side', async () => {
    await layOutJob({
      enc0_network: 'hcnn',
      enc0_token_embedding_dim: '12',
      enc1_network: 'hcnn',
      enc1_vocab_size: String(TOPICS * WORDS),
      enc1_max_seq_len: '5',
      enc1_layers: '3',
      enc1_cnn_filter_width: '2',
      enc1_token_embedding_dim: '10',
    });
    const finished = await train(engine);
    expect(finished.code, finished.stderr).toBe(0);
    expect(lastValue(finished, 'test accuracy')).toBeGreaterThan(0.95);
  });

  it('trains hcnn encoders when no network is named, as SageMaker does', async () => {
    // Prepare
    const { enc0_network: _, ...unnamed } = hyperparameters;
    await layOutJob();
    await put('input/config/hyperparameters.json', JSON.stringify({ ...unnamed, epochs: '2' }));

    // Act
    const finished = await train(engine);

    // Assess
    expect(finished.code, finished.stderr).toBe(0);
    const { hyperparameters: effective, tensors } = await readManifest(join(baseDir, 'model'));
    expect(effective).toMatchObject({ enc0_network: 'hcnn', enc0_layers: '4', enc1_layers: '4' });
    expect(tensors.map(({ name }) => name)).toEqual(expect.arrayContaining(['source_3_weight', 'target_3_bias']));
  });

  it('learns numbers too', async () => {
    await layOutJob({ output_layer: 'mean_squared_error', num_classes: '2' });
    const finished = await train(engine);
    expect(finished.code, finished.stderr).toBe(0);
    expect(lastValue(finished, 'validation mean_squared_error')).toBeLessThan(0.1);
    expect(finished.stderr).toContain("Ignoring the hyperparameter 'num_classes'");
  });

  it('ends with what it has learnt, and exit code 0, on SIGTERM', async () => {
    // Prepare: more epochs than the first metric line takes
    await layOutJob({ epochs: '100', early_stopping_patience: '5', early_stopping_tolerance: '0.000001' });

    // Act
    const finished = await train(engine, (stdout) => stdout.includes('epoch=1, validation accuracy'));

    // Assess
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain('stop request');
    expect(await modelFiles()).toContain('object2vec.json');
    expect((await readManifest(join(baseDir, 'model'))).best?.epoch).toBeGreaterThanOrEqual(0);
  });
});

describe('a training job that cannot be done', () => {
  it('says every problem of its hyperparameters at once', async () => {
    await layOutJob({ enc0_network: 'lstm', epochs: '0', learning_rate: '7', dropuot: '0.1' });
    await expectFailure(
      await train('js'),
      /^ClientError: 4 problems in the hyperparameters: "dropuot" is not.*enc0_network = "lstm".*learning_rate = "7".*epochs = "0"/,
    );
  });

  it('cuts its reason to what SageMaker shows, in the file alone: the log has all of it', async () => {
    const wrong = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`unknown_${i}`, '1']));
    await layOutJob(wrong);
    const finished = await train('js');
    await expectFailure(finished, /^ClientError: 100 problems .*\.\.\.$/);
    expect(finished.stderr).toContain('"unknown_99" is not a hyperparameter');
  });

  it('because a bad line is in a gzip file names file, line and field', async () => {
    await layOutJob();
    await put('input/data/train/b.jsonl.gz', gzipSync(`${topicPairs(0, 3)}{"label":1,"in0":[1],"in1":[1,"two"]}\n`));
    await expectFailure(await train('js'), /^ClientError: train\/b\.jsonl\.gz: Line 4, in1\[1\]: /);
  });

  it('because an id is outside the vocabulary says so in SageMaker’s words', async () => {
    await layOutJob();
    await put('input/data/validation/part.jsonl', '{"label":1,"in0":[1],"in1":[40]}');
    await expectFailure(
      await train('js'),
      /validation\/part\.jsonl: Line 1.*Inconsistent vocab for in1 found\. Vocab id "40" is not less than vocab_size=40/,
    );
  });

  it('because a channel is empty names the channel', async () => {
    await layOutJob();
    await put('input/data/train/a.jsonl', '');
    await rm(join(baseDir, 'input/data/train/b.jsonl.gz'));
    await expectFailure(await train('js'), /^ClientError: Channel "train" has no records/);
  });

  it('because a channel’s folder is missing names the channel', async () => {
    await layOutJob();
    await rm(join(baseDir, 'input/data/test'), { recursive: true });
    await expectFailure(await train('js'), /^ClientError: Channel "test" has no readable folder/);
  });

  it('because there are no hyperparameters says where they belong', async () => {
    await layOutJob();
    await rm(join(baseDir, 'input/config/hyperparameters.json'));
    await expectFailure(await train('js'), /^ClientError: There is no input\/config\/hyperparameters\.json/);
  });

  it('because its loss overflows names the epoch and the likely cause', async () => {
    await layOutJob({ output_layer: 'mean_squared_error' });
    await put('input/data/train/a.jsonl', '{"label":3e38,"in0":[1],"in1":[1]}');
    await expectFailure(
      await train('js'),
      /^AlgorithmError: The loss is not a finite number .* epoch 0, batch \d+\. Likely /,
    );
  });

  it('because TWINVEC_ENGINE is wrong says what it may be', async () => {
    await layOutJob();
    await expectFailure(await train('abacus'), /^ClientError: TWINVEC_ENGINE must be auto \| tensorflow \| js/);
  });

  it('leaves a model that was there as it was', async () => {
    await layOutJob({ epochs: '0' });
    await put('model/object2vec.json', 'the model of before');
    expect((await train('js')).code).toBe(1);
    expect(await readFile(join(baseDir, 'model/object2vec.json'), 'utf8')).toBe('the model of before');
  });
});
