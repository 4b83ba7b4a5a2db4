/**
 * Training on disks that are full, read-only or elsewhere: a real process on small file systems of its own (tmpfs in a
 * mount namespace), on both engines. What was there before stays, and nothing is half-written.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { type Finished, JobFolder, topicPairs } from '../fixtures/training-job/training-job.ts';
import { ownMounts } from '../own-mounts.ts';

/** Tables of 2 x 125 KiB, so weights are 250 KiB and the state of adam 750 KiB. */
const hyperparameters = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: '2000',
  enc0_max_seq_len: '5',
  enc_dim: '16',
  mlp_layers: '0',
  epochs: '3',
};

let job: JobFolder;
beforeEach(async () => {
  job = await JobFolder.make();
  await job.configure(hyperparameters);
  await job.put('input/data/train/part.jsonl', topicPairs(0, 200));
  await job.put('input/data/validation/part.jsonl', topicPairs(200, 100));
  await mkdir(join(job.dir, 'model'));
});
afterEach(() => job.remove());

/** Runs the job after `before` in a mount namespace; afterwards `folder`, as seen there, is copied to `seen`. */
async function runWith(engine: string, before: string, folder: string): Promise<Finished> {
  const script = `set -e; cd ${job.dir}; ${before}; set +e; "$@"; code=$?; cp -r ${folder} ${job.dir}/seen; exit $code`;
  return job.run(engine, { within: ['unshare', '-rm', 'sh', '-c', script, 'sh'] });
}

const failure = (): Promise<string> => readFile(join(job.dir, 'output/failure'), 'utf8');

describe.skipIf(!ownMounts.available).each(ENGINES)(`a full disk on engine %s${ownMounts.note}`, (engine) => {
  it('under the checkpoints ends the job with the figures, and leaves whole checkpoints alone', async () => {
    // Prepare
    await mkdir(join(job.dir, 'checkpoints'));

    // Act: there is room for one checkpoint, not for two
    const finished = await runWith(engine, 'mount -t tmpfs -o size=1500k tmpfs checkpoints', 'checkpoints');

    // Assess
    expect(finished.code, finished.stderr).toBe(1);
    expect(await failure()).toMatch(
      /^AlgorithmError: The disk is full: a checkpoint takes about \d+\.\d KiB in \S+\/checkpoints and \d+\.\d KiB of the disk are free\. Give the job a larger volume\.$/,
    );
    const [kept, ...others] = await readdir(join(job.dir, 'seen'));
    expect(others).toEqual([]);
    expect((await readdir(join(job.dir, 'seen', kept!))).sort()).toEqual(
      expect.arrayContaining(['checkpoint.json', 'state.data-00000-of-00001', 'state.index']),
    );
    expect((await readdir(job.dir)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('under the model leaves the model of before as it was', async () => {
    await job.put('model/object2vec.json', 'the manifest of before');
    await job.put('model/1/saved_model.pb', 'the graph of before');
    const mountModel = 'cp -r model before; mount -t tmpfs -o size=100k tmpfs model; cp -r before/. model';
    const finished = await runWith(engine, mountModel, 'model');
    expect(finished.code, finished.stderr).toBe(1);
    expect(await failure()).toMatch(
      /^AlgorithmError: The disk is full: the model takes about 25\d\.\d KiB in \S+\/model /,
    );
    const seen = await job.contents('seen');
    expect(Object.fromEntries(Object.entries(seen).map(([name, bytes]) => [name, bytes.toString()]))).toEqual({
      'object2vec.json': 'the manifest of before',
      '1/saved_model.pb': 'the graph of before',
    });
  });

  it('under the model has no part when the model fits', async () => {
    const finished = await runWith(engine, 'mount -t tmpfs -o size=10m tmpfs model', 'model');
    expect(finished.code, finished.stderr).toBe(0);
    expect((await readdir(join(job.dir, 'seen'))).sort()).toEqual(['1', 'object2vec.json']);
  });

  it('under the base folder names what was written, and leaves nothing there', async () => {
    const small =
      'mkdir small; mount -t tmpfs -o size=300k tmpfs small; cp -r input small; export SAGEMAKER_BASE_DIR=$PWD/small';
    const finished = await runWith(engine, small, 'small');
    expect(finished.code, finished.stderr).toBe(1);
    expect(finished.stderr).toMatch(
      /The disk is full: (a|the first) set of weights takes about 25\d\.\d KiB in \S+ and /,
    );
    expect((await readdir(join(job.dir, 'seen'))).sort()).toEqual(['input', 'output']);
    expect(await readFile(join(job.dir, 'seen/output/failure'), 'utf8')).toContain('The disk is full');
  });

  it('that has no room for the failure file either says so, and leaves no empty one', async () => {
    const full =
      'mkdir small; mount -t tmpfs -o size=300k tmpfs small; cp -r input small; export SAGEMAKER_BASE_DIR=$PWD/small; ' +
      'cat /dev/zero > small/ballast 2>/dev/null || true';
    const finished = await runWith(engine, full, 'small/output');
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('The disk is full');
    expect(finished.stderr).toContain('output/failure cannot be written (ENOSPC).');
    expect(await readdir(join(job.dir, 'seen'))).toEqual([]);
  });
});

describe.skipIf(!ownMounts.available)(`a checkpoint folder that cannot be written${ownMounts.note}`, () => {
  it('ends the job before it reads its data', async () => {
    await mkdir(join(job.dir, 'checkpoints'));
    await job.put('input/data/train/part.jsonl', 'this is no record');
    const finished = await runWith('js', 'mount -t tmpfs -o ro tmpfs checkpoints', 'checkpoints');
    expect(finished.code).toBe(1);
    expect(await failure()).toMatch(
      /^ClientError: The checkpoint folder \S+\/checkpoints cannot be written \(EROFS\)\.$/,
    );
  });
});
