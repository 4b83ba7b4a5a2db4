/**
 * `/opt/ml/checkpoints`, which SageMaker copies to S3 while a job runs and fills again when it starts anew. Each
 * checkpoint is a folder of its own, `epoch-3-step-315`, that gets its name when it is whole; the one before goes only
 * after that.
 */
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { bundleBytes, linkBundle } from '../../savedmodel/bundle-files.ts';
import { whileWriting } from '../../storage-failure.ts';
import type { KeptWeights } from '../training/kept-weights.ts';
import type { TrainingEngine } from '../training/training-engine.ts';
import type { TrainingProgress } from '../training/training-progress.ts';
import {
  BEST,
  CHECKPOINT_FILE,
  type CheckpointManifest,
  describeBundle,
  manifestText,
  readCheckpoint,
  STATE,
} from './checkpoint-manifest.ts';
import { differences, type JobFingerprint } from './job-fingerprint.ts';

const PARTIAL = '.twinvec-checkpoint-partial';
/** Within an epoch, at most one part in so many of the time goes into checkpoints, however large they are. */
const WORK_PER_WRITE = 10;
const NAME = /^epoch-(\d+)-step-(\d+)$/;

export interface Checkpoint {
  readonly name: string;
  readonly progress: TrainingProgress;
  readonly steps: number;
  readonly statePrefix: string;
  readonly kept: KeptWeights | undefined;
}

export interface CheckpointFolderOptions {
  readonly dir: string;
  /** Within an epoch, the next checkpoint comes so long after the last. */
  readonly intervalSeconds: number;
  readonly note: (line: string) => void;
}

/**
 * The folder, with the newest checkpoint that is whole; undefined when the job has no such folder.
 * @throws TwinvecError InvalidConfiguration when it cannot be written, Conflict for a checkpoint of another format
 */
export async function openCheckpointFolder(options: CheckpointFolderOptions): Promise<CheckpointFolder | undefined> {
  const { dir, note } = options;
  const facts = await stat(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unwritable(dir, error);
  });
  if (!facts) return undefined;
  await probe(dir).catch((error: NodeJS.ErrnoException) => {
    throw unwritable(dir, error);
  });
  for (const name of await checkpointNames(dir)) {
    try {
      return new CheckpointFolder(options, { name, manifest: readCheckpoint(join(dir, name)) });
    } catch (thrown) {
      const { code, message } = toTwinvecError(thrown);
      if (code === 'Conflict') throw conflict(dir, `The checkpoint ${name} cannot be used: ${message}`);
      note(`Checkpoint ${name} is incomplete or damaged and is passed over: ${message.replace(/\.$/, '')}.`);
    }
  }
  return new CheckpointFolder(options, undefined);
}

export class CheckpointFolder {
  readonly #options: CheckpointFolderOptions;
  readonly #found: { readonly name: string; readonly manifest: CheckpointManifest } | undefined;
  #job: JobFingerprint | undefined;
  /** The newest that is whole, and where it has the weights kept so far. */
  #newest: { readonly name: string; readonly kept: KeptWeights | undefined } | undefined;
  #savedAt = performance.now();
  #writeMs = 0;

  constructor(
    options: CheckpointFolderOptions,
    found: { readonly name: string; readonly manifest: CheckpointManifest } | undefined,
  ) {
    this.#options = options;
    this.#found = found;
    if (found) this.#newest = { name: found.name, kept: this.#keptIn(found.name, found.manifest.kept) };
  }

  /** Whether an earlier process left a checkpoint that is whole, of this job or another. */
  get hasCheckpoint(): boolean {
    return this.#found !== undefined;
  }

  /**
   * Says which job this is; its checkpoints carry that.
   * @returns the checkpoint to go on from
   * @throws TwinvecError Conflict, listing what differs, when the one that was found is of a job with another result
   */
  resume(job: JobFingerprint): Checkpoint | undefined {
    this.#job = job;
    if (!this.#found) return undefined;
    const { name, manifest } = this.#found;
    const different = differences(manifest.job, job);
    if (different.length > 0) {
      throw conflict(this.#options.dir, `The checkpoint ${name} is of another job: ${different.join('; ')}`);
    }
    const { steps, progress, kept } = manifest;
    return {
      name,
      progress,
      steps,
      statePrefix: join(this.#options.dir, name, STATE),
      kept: this.#keptIn(name, kept),
    };
  }

  /** Whether the last checkpoint is so long ago that one within an epoch is worth its time. */
  get isDue(): boolean {
    const waitMs = Math.max(1000 * this.#options.intervalSeconds, WORK_PER_WRITE * this.#writeMs);
    return performance.now() - this.#savedAt >= waitMs;
  }

  /** @throws TwinvecError DiskFull; the checkpoint of before is then still there. */
  async save(engine: TrainingEngine, progress: TrainingProgress, kept: KeptWeights | undefined): Promise<void> {
    const { dir } = this.#options;
    const name = `epoch-${progress.epoch}-step-${engine.steps}`;
    if (name === this.#newest?.name) return;
    const started = performance.now();
    await removeCheckpoints(dir, this.#newest?.name);
    const bytes = engine.stateBytes + (kept ? await bundleBytes(kept.prefix) : 0);
    await whileWriting({ what: 'a checkpoint', dir, bytes }, async () => {
      const partial = join(dir, PARTIAL);
      try {
        await mkdir(partial);
        await this.#write(partial, engine, progress, kept);
        await rm(join(dir, name), { recursive: true, force: true });
        await rename(partial, join(dir, name));
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
    });
    this.#newest = { name, kept: this.#keptIn(name, kept) };
    this.#savedAt = performance.now();
    this.#writeMs = this.#savedAt - started;
  }

  async #write(
    partial: string,
    engine: TrainingEngine,
    progress: TrainingProgress,
    kept: KeptWeights | undefined,
  ): Promise<void> {
    await engine.saveState(join(partial, STATE));
    if (kept) {
      // The checkpoint of before is on the same disk, where a file can have two names; the job's own folder may not be.
      const known = this.#newest?.kept;
      await linkBundle(known?.epoch === kept.epoch ? known.prefix : kept.prefix, join(partial, BEST));
    }
    const manifest: CheckpointManifest = {
      format: 'twinvec-object2vec-checkpoint',
      formatVersion: 1,
      job: this.#job!,
      steps: engine.steps,
      progress: { ...progress, stopping: { ...progress.stopping, window: [...progress.stopping.window] } },
      ...(kept && { kept: { epoch: kept.epoch, ...(kept.loss !== undefined && { loss: kept.loss }) } }),
      files: [...(await describeBundle(partial, STATE)), ...(kept ? await describeBundle(partial, BEST) : [])],
    };
    await writeFile(join(partial, CHECKPOINT_FILE), manifestText(manifest));
  }

  #keptIn(name: string, kept: CheckpointManifest['kept'] | KeptWeights): KeptWeights | undefined {
    if (!kept) return undefined;
    const { epoch, loss } = kept;
    return { prefix: join(this.#options.dir, name, BEST), epoch, ...(loss !== undefined && { loss }) };
  }
}

/** Newest first. */
async function checkpointNames(dir: string): Promise<string[]> {
  const places = (await readdir(dir)).flatMap((name) => {
    const [, epoch, step] = NAME.exec(name) ?? [];
    return epoch === undefined ? [] : [{ name, epoch: Number(epoch), step: Number(step) }];
  });
  return places.sort((one, other) => other.epoch - one.epoch || other.step - one.step).map(({ name }) => name);
}

async function removeCheckpoints(dir: string, except: string | undefined): Promise<void> {
  for (const name of await checkpointNames(dir)) {
    if (name !== except) await rm(join(dir, name), { recursive: true });
  }
}

/** Also removes what a killed process was writing. */
async function probe(dir: string): Promise<void> {
  await rm(join(dir, PARTIAL), { recursive: true, force: true });
  await mkdir(join(dir, PARTIAL));
  await writeFile(join(dir, PARTIAL, 'probe'), 'can this folder be written?');
  await rm(join(dir, PARTIAL), { recursive: true });
}

function unwritable(dir: string, cause: NodeJS.ErrnoException): TwinvecError {
  return new TwinvecError('InvalidConfiguration', `The checkpoint folder ${dir} cannot be written (${cause.code}).`, {
    cause,
  });
}

function conflict(dir: string, problem: string): TwinvecError {
  const advice = 'Start the job that the checkpoint is of, or empty the folder to train from the beginning';
  return new TwinvecError('Conflict', `${problem}. ${advice} (${dir}).`);
}
