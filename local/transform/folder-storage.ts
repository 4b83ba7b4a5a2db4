/** A local file or folder as source and sink of a transform. Outputs appear whole, by rename, or not at all. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseManifest } from '#core/batch/manifest.ts';
import { outputName } from '#core/batch/output-name.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { freeNow } from '#core/memory/free-now.ts';
import type { OutputObject, SourceObject, TransformSink, TransformSource } from './storage.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * @param input One file, or a folder whose files are taken with those of its sub-folders, in name order. Hidden files
 * are left out, as a person would.
 */
export function folderSource(input: string): TransformSource {
  return {
    async *list() {
      const facts = await stat(input).catch(() => undefined);
      if (!facts) throw new TwinvecError('NotFound', `the input ${path.basename(input)} does not exist`);
      if (facts.isFile()) {
        yield fileObject(input, path.basename(input), facts.size);
        return;
      }
      yield* filesBelow(input, '');
    },
  };
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<SourceObject> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const relative = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(root, relative);
    else if (entry.isFile()) {
      const file = path.join(root, relative);
      yield fileObject(file, relative, (await stat(file)).size);
    }
  }
}

/**
 * The files that a manifest names: its prefix is a folder, taken from the manifest's own where it is not absolute.
 *
 * @throws while it is listed TwinvecError InvalidManifest with the place, NotFound when the manifest or a file is not there
 */
export function manifestFileSource(manifest: string): TransformSource {
  return {
    async *list() {
      const { prefix, names } = parseManifest(await readManifest(manifest), path.basename(manifest));
      for (const name of names) {
        const file = path.resolve(path.dirname(manifest), prefix + name);
        const facts = await stat(file).catch(() => undefined);
        if (!facts?.isFile()) {
          throw new TwinvecError('NotFound', `${path.basename(manifest)}: there is no file ${prefix}${name}`);
        }
        const inside = path.posix.normalize(name);
        if (inside.startsWith('..') || path.isAbsolute(inside)) {
          throw new TwinvecError('InvalidManifest', `${path.basename(manifest)}: ${name} leads out of ${prefix}`);
        }
        const label = path.relative(path.dirname(manifest), file);
        yield { ...fileObject(file, inside, facts.size), label };
      }
    },
  };
}

async function readManifest(manifest: string): Promise<Uint8Array> {
  const name = path.basename(manifest);
  const facts = await stat(manifest).catch(() => undefined);
  if (!facts?.isFile()) throw new TwinvecError('NotFound', `there is no manifest ${name}`);
  if (facts.size > LIMITS.batchManifestBytes.value) {
    throw new TwinvecError('InvalidManifest', `${name}: it has ${facts.size} bytes`);
  }
  return readFile(manifest);
}

function fileObject(file: string, relative: string, bytes: number): SourceObject {
  return {
    label: relative,
    outputName: outputName('', relative),
    bytes,
    version: undefined,
    // A generator, so that a file is opened when it is first read and closed when reading ends early.
    async *open() {
      yield* createReadStream(file, { highWaterMark: CHUNK_BYTES });
    },
  };
}

export function folderSink(folder: string): TransformSink {
  return {
    async create(name) {
      const target = path.join(folder, name);
      // Two transforms that write to one folder each have their own.
      const partial = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID().slice(0, 8)}.partial`);
      await mkdir(path.dirname(target), { recursive: true });
      const file = await open(partial, 'w');
      return {
        async write(bytes) {
          await file.writeFile(bytes);
          freeNow(bytes);
        },
        async commit() {
          await file.close();
          await rename(partial, target);
        },
        async discard() {
          await file.close();
          await rm(partial, { force: true });
        },
      } satisfies OutputObject;
    },
  };
}
