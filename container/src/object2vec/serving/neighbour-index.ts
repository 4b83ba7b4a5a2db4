/**
 * Reads the candidates that a model carries into shared memory: once for the process, whatever the number of engine
 * and codec threads.
 */
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import type { CandidateNames } from '#core/object2vec/encode-neighbours.ts';
import { inverseLengths, type Matrix } from '#core/object2vec/nearest.ts';
import { NEIGHBOUR_FILES, NEIGHBOURS_FOLDER, NeighbourIndexFile } from '#core/object2vec/neighbour-index.ts';

/** All arrays lie in SharedArrayBuffers. */
export interface NeighbourIndex {
  readonly candidates: Matrix;
  /** 1 / length of each candidate. */
  readonly inverseLengths: Float64Array;
  readonly names: CandidateNames;
}

/**
 * Undefined when the model carries none.
 * @param encodingDim length of the model's embeddings
 * @throws TwinvecError InvalidArtifact naming the file, when it is damaged or of another model
 */
export async function readNeighbourIndex(modelDir: string, encodingDim: number): Promise<NeighbourIndex | undefined> {
  const dir = join(modelDir, NEIGHBOURS_FOLDER);
  if (!(await stat(dir).catch(() => undefined))?.isDirectory()) return undefined;
  const { rows, width, ids } = await readIndexFile(dir);
  if (width !== encodingDim) {
    throw invalid(
      `has candidates of width ${width}, and the model's embeddings have ${encodingDim} numbers. ` +
        'Make it anew with `twinvec index` from embeddings of this model, or remove the folder',
    );
  }
  const values = new Float32Array(await readShared(dir, NEIGHBOUR_FILES.embeddings, rows * width * 4));
  const candidates = { rows, width, values };
  const lengths = inverseLengths(candidates, new Float64Array(new SharedArrayBuffer(rows * 8)));
  const broken = lengths.findIndex((length) => !Number.isFinite(length));
  if (broken >= 0) throw invalid(`has values that are not finite numbers in row ${broken} of its embeddings`);
  return {
    candidates,
    inverseLengths: lengths,
    names: {
      records: new Int32Array(await readShared(dir, NEIGHBOUR_FILES.records, rows * 4)),
      ...(ids && { ids: await readIds(dir, rows) }),
    },
  };
}

async function readIndexFile(dir: string): Promise<NeighbourIndexFile> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(join(dir, NEIGHBOUR_FILES.index), 'utf8'));
  } catch (cause) {
    throw invalid(`has no readable ${NEIGHBOUR_FILES.index}`, cause);
  }
  const parsed = NeighbourIndexFile.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(`has a wrong ${NEIGHBOUR_FILES.index}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
}

/** JSON strings, one a line. */
async function readIds(dir: string, rows: number): Promise<NonNullable<CandidateNames['ids']>> {
  const bytes = new Uint8Array(await readShared(dir, NEIGHBOUR_FILES.ids));
  const ends = new Uint32Array(new SharedArrayBuffer(rows * 4));
  let row = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0 && row <= rows; at = bytes.indexOf(0x0a, at + 1)) {
    if (row < rows) ends[row] = at;
    row += 1;
  }
  if (row !== rows) throw invalid(`has not one line for each of ${rows} candidates in ${NEIGHBOUR_FILES.ids}`);
  return { bytes, ends };
}

/** One read takes less than 2 GiB. */
const READ_BYTES = 256 * 1024 * 1024;

async function readShared(dir: string, name: string, expectedBytes?: number): Promise<SharedArrayBuffer> {
  const file = await open(join(dir, name)).catch((cause: unknown) => {
    throw invalid(`has no readable ${name}`, cause);
  });
  try {
    const { size } = await file.stat();
    if (expectedBytes !== undefined && size !== expectedBytes) {
      throw invalid(`has ${size} bytes in ${name}, and its index.json says ${expectedBytes}`);
    }
    const buffer = new SharedArrayBuffer(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(new Uint8Array(buffer, at, Math.min(READ_BYTES, size - at)), 0, null, at);
      if (bytesRead === 0) throw invalid(`has a shorter ${name} than it had when reading began`);
      at += bytesRead;
    }
    return buffer;
  } finally {
    await file.close();
  }
}

function invalid(problem: string, cause?: unknown): TwinvecError {
  const message = `The folder ${NEIGHBOURS_FOLDER}/ of the model ${problem}.`;
  return new TwinvecError('InvalidArtifact', message, cause === undefined ? {} : { cause });
}
