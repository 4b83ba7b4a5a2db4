/** A checkpoint is found again whole or not at all, whatever happened to its files. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32c } from '#core/crc32c.ts';
import { BEFORE_FIRST_EPOCH } from '#core/object2vec/early-stopping.ts';
import { openCheckpointFolder } from '../../../../container/src/object2vec/checkpoint/checkpoint-folder.ts';
import { differences, type JobFingerprint } from '../../../../container/src/object2vec/checkpoint/job-fingerprint.ts';
import { createTrainingEngine } from '../../../../container/src/object2vec/training/create-training-engine.ts';
import type { TrainingEngine } from '../../../../container/src/object2vec/training/training-engine.ts';
import { pairSettings, randomRows } from './pair-settings.ts';

const job: JobFingerprint = {
  hyperparameters: { epochs: '4', learning_rate: '0.1', learning_rate_schedule: 'constant', _kvstore: 'auto' },
  data: { train: { rows: 10, digest: 'aa' } },
};

let base: string;
let dir: string;
let engine: TrainingEngine;
let notes: string[];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'twinvec-checkpoints-'));
  dir = join(base, 'checkpoints');
  await mkdir(dir);
  notes = [];
  engine = await createTrainingEngine(pairSettings(), { engine: 'js', seed: 1, workDir: base });
});
afterEach(async () => {
  engine.close();
  await rm(base, { recursive: true });
});

const open = () => openCheckpointFolder({ dir, intervalSeconds: 600, note: (line) => notes.push(line) });
const names = async (): Promise<string[]> => (await readdir(dir)).sort();

/** Numbers that do not survive being written with fewer digits. */
const done = { batches: 1, rows: 16, lossSum: 0.1 + 0.2, correct: 7 };
const stopping = { ...BEFORE_FIRST_EPOCH, epochs: 1, window: [1 / 3], best: { epoch: 0, loss: 1 / 3 } };

function step(): void {
  const labels = new Float32Array(4);
  engine.step({ in0: randomRows(4, 30, engine.steps), in1: randomRows(4, 40, engine.steps), labels });
}

/** Checkpoints after step 1 and step 2, the second with kept weights. */
async function saveTwo(): Promise<void> {
  const folder = (await open())!;
  folder.resume(job);
  step();
  await folder.save(engine, { epoch: 1, done, stopping }, undefined);
  const prefix = join(base, 'weights');
  await engine.saveWeights(prefix);
  step();
  await folder.save(engine, { epoch: 1, done, stopping }, { prefix, epoch: 0, loss: 1 / 3 });
}

describe('a checkpoint folder', () => {
  it('that does not exist is no wish for checkpoints', async () => {
    await rm(dir, { recursive: true });
    expect(await open()).toBeUndefined();
  });

  it('gives back the newest checkpoint to the last bit', async () => {
    await saveTwo();
    const checkpoint = (await open())!.resume(job);
    expect(checkpoint).toMatchObject({
      name: 'epoch-1-step-2',
      steps: 2,
      progress: { epoch: 1, done, stopping },
      kept: { prefix: join(dir, 'epoch-1-step-2', 'best'), epoch: 0, loss: 1 / 3 },
    });
    expect(notes).toEqual([]);
  });

  it('never holds more than two, and the newest two', async () => {
    const folder = (await open())!;
    folder.resume(job);
    for (let epoch = 1; epoch <= 4; epoch++) {
      step();
      await folder.save(engine, { epoch, done, stopping }, undefined);
    }
    expect(await names()).toEqual(['epoch-3-step-3', 'epoch-4-step-4']);
  });

  it('sorts checkpoints by numbers, not by letters', async () => {
    const folder = (await open())!;
    folder.resume(job);
    for (const epoch of [9, 10]) await folder.save(engine, { epoch, done, stopping }, undefined);
    expect((await open())!.resume(job)!.name).toBe('epoch-10-step-0');
  });

  it('removes what a killed process was writing, and leaves files of others alone', async () => {
    await mkdir(join(dir, '.twinvec-checkpoint-partial'));
    await writeFile(join(dir, '.twinvec-checkpoint-partial', 'state.index'), 'half');
    await writeFile(join(dir, 'notes.txt'), '');
    await saveTwo();
    expect(await names()).toEqual(['epoch-1-step-1', 'epoch-1-step-2', 'notes.txt']);
  });

  it('passes over a checkpoint in which any byte of any file is another', async () => {
    await saveTwo();
    const newest = join(dir, 'epoch-1-step-2');
    const files = (await readdir(newest)).sort();
    expect(files).toContain('best.index');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (file, place) => {
          // Prepare
          const whole = await readFile(join(newest, file));
          const damaged = Buffer.from(whole);
          const at = Math.floor(place * whole.length);
          damaged[at]! ^= 1;
          await writeFile(join(newest, file), damaged);
          notes = [];

          // Act
          const found = (await open())!.resume(job)!.name;

          // Assess: only white space of the manifest may be another and mean the same
          const harmless = file === 'checkpoint.json' && /\s/.test(String.fromCharCode(whole[at]!, damaged[at]!));
          if (!harmless) expect(`${file} ${at} ${found}`).toBe(`${file} ${at} epoch-1-step-1`);
          if (found !== 'epoch-1-step-2') expect(notes.join()).toContain('Checkpoint epoch-1-step-2 is incomplete');
          await writeFile(join(newest, file), whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('passes over a checkpoint in which a file is missing, cut or too long', async () => {
    await saveTwo();
    const newest = join(dir, 'epoch-1-step-2');
    for (const file of await readdir(newest)) {
      const whole = await readFile(join(newest, file));
      for (const damage of [
        () => rm(join(newest, file)),
        () => writeFile(join(newest, file), whole.subarray(0, whole.length / 2)),
        () => appendFile(join(newest, file), 'x'),
      ]) {
        await damage();
        expect((await open())!.resume(job)!.name, file).toBe('epoch-1-step-1');
        await writeFile(join(newest, file), whole);
      }
    }
    expect((await open())!.resume(job)!.name).toBe('epoch-1-step-2');
  });

  it('of a later format ends the job instead of losing its work', async () => {
    await saveTwo();
    const path = join(dir, 'epoch-1-step-2', 'checkpoint.json');
    const { crc32c: _, ...manifest } = { ...JSON.parse(await readFile(path, 'utf8')), formatVersion: 2 };
    await writeFile(path, JSON.stringify({ ...manifest, crc32c: crc32c(Buffer.from(JSON.stringify(manifest))) }));
    await expect(open()).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining('has format 2') });
  });

  it('that is a file, or that is in one, is refused before any work', async () => {
    await rm(dir, { recursive: true });
    await writeFile(dir, '');
    await expect(open()).rejects.toMatchObject({
      code: 'InvalidConfiguration',
      message: expect.stringContaining(`The checkpoint folder ${dir} cannot be written (ENOTDIR)`),
    });
  });
});

describe('two jobs', () => {
  const changed = (hyperparameters: Record<string, string>): JobFingerprint => ({
    ...job,
    hyperparameters: { ...job.hyperparameters, ...hyperparameters },
  });

  it.each([
    ['the same', job, []],
    ['another setting for SageMaker alone', changed({ _kvstore: 'none' }), []],
    ['more epochs', changed({ epochs: '5' }), []],
    ['fewer epochs', changed({ epochs: '3' }), ['epochs is 3 and was 4']],
    [
      'more epochs under a schedule',
      changed({ epochs: '5', learning_rate_schedule: 'cosine' }),
      ['epochs is 5 and was 4', 'learning_rate_schedule is cosine and was constant'],
    ],
    ['a new hyperparameter', changed({ dropout: '0.5' }), ['dropout is 0.5 and was not set']],
    [
      'other data',
      { ...job, data: { train: { rows: 1200, digest: 'bb' }, validation: { rows: 1, digest: 'cc' } } },
      ['channel "train" has other records (1,200 rows, before 10)', 'channel "validation" is new'],
    ],
    ['no validation any more', { ...job, data: {} }, ['channel "train" is not there any more']],
  ])('differ by what decides the weights: %s', (_, other, expected) => {
    expect(differences(job, other)).toEqual(expected);
  });
});
