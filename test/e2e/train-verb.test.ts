/** `twinvec train` as a person meets it: folders in depth, a stop before there is anything to save, and `kill -9`. */
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobFolder, TOPICS, topicPairs, WORDS } from '../fixtures/training-job/training-job.ts';
import { runTwinvec, spawnTwinvec } from '../run-twinvec.ts';

const settings = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: TOPICS * WORDS,
  enc0_max_seq_len: 5,
  enc_dim: 16,
  mlp_layers: 0,
  mini_batch_size: 8,
  epochs: 2,
};

let job: JobFolder;
beforeEach(async () => {
  job = await JobFolder.make();
  await mkdir(join(job.dir, 'tmp'));
});
afterEach(() => job.remove());

const train = (changes: Readonly<Record<string, string | number>>, ...options: string[]): string[] => [
  ...['train', '--train', join(job.dir, 'train'), '--output', join(job.dir, 'model'), '--engine', 'js'],
  ...['--set', ...Object.entries({ ...settings, ...changes }).map((pair) => pair.join('='))],
  ...options,
];

/** What a killed command leaves in its temporary folder goes with the job's. */
const env = (): Record<string, string> => ({ TMPDIR: join(job.dir, 'tmp') });

describe('twinvec train', () => {
  it('reads the files of a folder in any depth', async () => {
    // Prepare
    await job.put('train/a.jsonl', topicPairs(0, 100));
    await job.put('train/2026/11/b.jsonl.gz', gzipSync(topicPairs(100, 100)));

    // Act
    const { exitCode, errors } = await runTwinvec(train({}), { env: env() });

    // Assess
    expect(exitCode, errors).toBe(0);
    expect(errors).toContain('Reading train  200 rows');
    expect(await readdir(join(job.dir, 'model'))).toContain('object2vec.json');
  });

  it('stopped while it reads says that there is no model, and ends with 1', async () => {
    // Prepare: a channel that takes seconds to read
    await job.put('train/a.jsonl', topicPairs(0, 1000).repeat(600));
    const child = spawnTwinvec(train({}, '--checkpoints', join(job.dir, 'saved')), env());
    child.stdin!.end();
    const errors: string[] = [];
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      errors.push(chunk);
      // The last line before data is read.
      if (!child.killed && errors.join('').includes('Checkpoints: after each epoch')) child.kill('SIGTERM');
    });

    // Act
    const [out, [exitCode]] = await Promise.all([text(child.stdout!), once(child, 'close')]);

    // Assess
    expect(errors.join('')).toContain('Training was stopped before its first step; there is no model.');
    expect(errors.join('')).not.toContain('The model is in');
    expect(exitCode).toBe(1);
    expect(out).toBe('');
    expect((await readdir(job.dir)).sort()).toEqual(['saved', 'tmp', 'train']);
    expect((await readdir(join(job.dir, 'tmp'))).filter((name) => name.startsWith('twinvec'))).toEqual([]);
  });

  it('takes its job along when it is killed, and the same command goes on', async () => {
    // Prepare
    await job.put('train/a.jsonl', topicPairs(0, 400));
    const child = spawnTwinvec(train({ epochs: 100 }, '--checkpoints', join(job.dir, 'saved')), env());
    child.stdin!.end();
    child.stdout!.on('data', (chunk: Buffer) => {
      if (chunk.includes('completed 1 %')) child.kill('SIGKILL');
    });

    // Act: the pipes close when the job has ended, too
    const [out, errors] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
    const saved = await readdir(join(job.dir, 'saved'));
    const again = await runTwinvec(train({ epochs: 100 }, '--checkpoints', join(job.dir, 'saved')), { env: env() });

    // Assess
    expect(child.signalCode).toBe('SIGKILL');
    expect(out).not.toContain('completed 100 %');
    expect(errors).toMatch(/ended by +stop request/);
    expect(saved).toEqual(expect.arrayContaining([expect.stringMatching(/^epoch-\d+-step-\d+$/)]));
    expect(again.exitCode, again.errors).toBe(0);
    expect(again.errors).toMatch(/Going on from checkpoint epoch-[1-9]/);
    expect(again.out).toContain('completed 100 %');
  });
});
