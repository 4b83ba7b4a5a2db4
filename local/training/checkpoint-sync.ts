/**
 * A job's checkpoint folder and its place in S3 kept alike: filled from there before the job starts, copied there while
 * it runs and when it has ended, so that another run can go on.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { below, downloadObject, listKeys, uploadFile } from '../object-store/s3-files.ts';

const EVERY_MS = 2_000;

export interface CheckpointSync {
  /** Copies what is new every few seconds until {@link finish}. A failure is logged, and tried again. */
  start(): void;
  /** Copies what is left. @throws the error of S3 */
  finish(): Promise<void>;
}

export interface CheckpointSyncOptions {
  readonly s3: S3Client;
  readonly folder: string;
  readonly uri: S3Uri;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Size and time of every file by its relative path. A file that changes changes one of them. */
type Snapshot = Map<string, string>;

/** Resolves when the folder holds what S3 has. */
export async function openCheckpointSync(options: CheckpointSyncOptions): Promise<CheckpointSync> {
  const { s3, folder, uri, log } = options;
  await mkdir(folder, { recursive: true });
  for await (const { key } of listKeys(s3, below(uri, ''))) {
    const name = key.slice(below(uri, '').key.length);
    if (name.split('/').includes('..')) continue;
    await downloadObject(s3, { bucket: uri.bucket, key }, path.join(folder, name), options.signal);
  }
  let copied: Snapshot = await snapshot(folder);

  /** New files first, and only then are those removed that the job removed: S3 always has a whole checkpoint. */
  async function copy(): Promise<void> {
    const found = await snapshot(folder);
    for (const [name, state] of found) {
      if (copied.get(name) !== state) await uploadUnlessGone(s3, path.join(folder, name), below(uri, name));
    }
    for (const name of copied.keys()) {
      if (found.has(name)) continue;
      const { bucket, key } = below(uri, name);
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    }
    copied = found;
  }

  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function copyUntilStopped(): Promise<void> {
    while (!stop.signal.aborted) {
      await wait(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      await copy().catch((error: Error) => log(`Checkpoints could not be copied to S3: ${error.message}`));
    }
  }

  return {
    start() {
      running = copyUntilStopped();
    },
    async finish() {
      stop.abort();
      await running;
      await copy();
    },
  };
}

/** Files with a hidden part are being written: a checkpoint gets its name when it is whole. */
async function snapshot(folder: string): Promise<Snapshot> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.split(path.sep).some((part) => part.startsWith('.')));
  const found: Snapshot = new Map();
  for (const name of files.sort()) {
    const facts = await stat(path.join(folder, name)).catch(() => undefined);
    if (facts) found.set(name, `${facts.size} ${facts.mtimeMs}`);
  }
  return found;
}

async function uploadUnlessGone(s3: S3Client, file: string, uri: S3Uri): Promise<void> {
  await uploadFile(s3, file, uri).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
