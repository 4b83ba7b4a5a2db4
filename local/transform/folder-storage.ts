/** A local file or folder as source and sink of a transform. Outputs appear whole, by rename, or not at all. */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { outputName } from '#core/batch/output-name.ts';
import { TwinvecError } from '#core/errors.ts';
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

function fileObject(file: string, relative: string, bytes: number): SourceObject {
  return {
    label: relative,
    outputName: outputName('', relative),
    bytes,
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
      const partial = path.join(path.dirname(target), `.${path.basename(target)}.partial`);
      await mkdir(path.dirname(target), { recursive: true });
      const file = await open(partial, 'w');
      return {
        async write(bytes) {
          await file.writeFile(bytes);
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
