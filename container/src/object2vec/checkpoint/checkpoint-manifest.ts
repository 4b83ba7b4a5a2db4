/**
 * `checkpoint.json`: written last into a checkpoint's folder, with the sizes of all other files and checksums of their
 * indexes, which hold those of every tensor. So a checkpoint of which something is missing, for whatever reason, shows.
 */
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { crc32c } from '#core/crc32c.ts';
import { TwinvecError } from '#core/errors.ts';
import { bundleSuffixes } from '../../savedmodel/bundle-files.ts';
import { openBundle } from '../../savedmodel/tensor-bundle-reader.ts';
import { JobFingerprint } from './job-fingerprint.ts';

export const CHECKPOINT_FILE = 'checkpoint.json';
/** Bundles of a checkpoint: weights and the optimiser's memory; weights that would make the model. */
export const STATE = 'state';
export const BEST = 'best';

const count = z.int().min(0);
const Best = z.strictObject({ epoch: count, loss: z.number() });

const CheckpointManifest = z.strictObject({
  format: z.literal('twinvec-object2vec-checkpoint'),
  formatVersion: z.literal(1),
  job: JobFingerprint,
  /** Training steps that the state has behind it. */
  steps: count,
  progress: z.strictObject({
    epoch: count,
    done: z.strictObject({ batches: count, rows: count, lossSum: z.number(), correct: z.exactOptional(count) }),
    stopping: z.strictObject({
      epochs: count,
      window: z.array(z.number()),
      badEpochs: count,
      best: z.exactOptional(Best),
      stop: z.boolean(),
    }),
  }),
  kept: z.exactOptional(z.strictObject({ epoch: count, loss: z.exactOptional(z.number()) })),
  files: z.array(z.strictObject({ name: z.string(), bytes: count, crc32c: z.exactOptional(z.int()) })),
});
export type CheckpointManifest = z.infer<typeof CheckpointManifest>;

/** Sizes of a bundle's files, and the checksum of the one that has the checksums. */
export async function describeBundle(dir: string, bundle: string): Promise<CheckpointManifest['files']> {
  const names = (await bundleSuffixes(join(dir, bundle))).map((suffix) => `${bundle}${suffix}`);
  return Promise.all(
    names.map(async (name) => {
      const { size } = await stat(join(dir, name));
      return { name, bytes: size, ...(isIndex(name) && { crc32c: crc32c(await readFile(join(dir, name))) }) };
    }),
  );
}

/**
 * Reads a checkpoint's every byte.
 * @throws TwinvecError Conflict when it is of a format that this version does not read; InvalidArtifact when something
 * is missing or damaged
 */
export function readCheckpoint(dir: string): CheckpointManifest {
  const manifest = parseManifest(dir);
  for (const { name, bytes, crc32c: checksum } of manifest.files) {
    const found = statSync(join(dir, name), { throwIfNoEntry: false })?.size;
    if (found === undefined) throw damaged(`${name} is missing`);
    if (found !== bytes) throw damaged(`${name} has ${found} bytes and not ${bytes}`);
    if (checksum !== undefined && crc32c(readFileSync(join(dir, name))) !== checksum) {
      throw damaged(`${name} fails its checksum`);
    }
  }
  for (const bundle of [STATE, ...(manifest.kept ? [BEST] : [])]) {
    const opened = openBundle(join(dir, bundle));
    try {
      opened.verify();
    } finally {
      opened.close();
    }
  }
  return manifest;
}

/** The text of `checkpoint.json`: the manifest and its own checksum. */
export function manifestText(manifest: CheckpointManifest): string {
  return `${JSON.stringify({ ...manifest, crc32c: checksumOf(manifest) }, null, 2)}\n`;
}

function checksumOf(manifest: object): number {
  return crc32c(Buffer.from(JSON.stringify(manifest)));
}

function parseManifest(dir: string): CheckpointManifest {
  let value: { readonly formatVersion?: unknown };
  let checksum: unknown;
  try {
    ({ crc32c: checksum, ...value } = JSON.parse(readFileSync(join(dir, CHECKPOINT_FILE), 'utf8')));
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw damaged(absent ? `it has no ${CHECKPOINT_FILE}` : `${CHECKPOINT_FILE} is not JSON`);
  }
  if (checksum !== checksumOf(value)) throw damaged(`${CHECKPOINT_FILE} fails its checksum`);
  const { formatVersion: version } = value;
  if (typeof version === 'number' && version !== 1) {
    throw new TwinvecError('Conflict', `it has format ${version} and this version of Twinvec reads format 1`);
  }
  const parsed = CheckpointManifest.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(`${CHECKPOINT_FILE}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
}

function isIndex(name: string): boolean {
  return name.endsWith('.index');
}

function damaged(problem: string): TwinvecError {
  return new TwinvecError('InvalidArtifact', problem);
}
