/** `twinvec index` at work: a file of embeddings becomes the `neighbours/` folder of a model, as a stream. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TwinvecError } from '#core/errors.ts';
import { NEIGHBOUR_FILES, NEIGHBOURS_FOLDER, type NeighbourIndexFile } from '#core/object2vec/neighbour-index.ts';
import { createProgress, type TextSink } from '#core/terminal/progress.ts';
import { readManifest } from '../../container/src/object2vec/artifact.ts';
import { textLines } from '../prepare/text-lines.ts';
import { type EmbeddingFile, openEmbeddings, readEmbeddings } from './embedding-lines.ts';

export interface IndexSettings {
  /** Model folder, which gets the candidates. */
  readonly model: string;
  readonly embeddings: string;
  /** Text file with one id a line, for each record of the embeddings. */
  readonly ids?: string;
}

export interface BuiltIndex {
  readonly rows: number;
  readonly width: number;
  /** Records that are no candidates, because the model could not embed them. */
  readonly skipped: number;
}

/**
 * The folder takes the place of one that is there only when it is whole.
 * @throws TwinvecError naming file and line
 */
export async function buildIndex(settings: IndexSettings, sink: TextSink): Promise<BuiltIndex> {
  const { encodingDim } = await readManifest(settings.model);
  const file = await openEmbeddings(settings.embeddings);
  const ids = settings.ids === undefined ? undefined : await openEmbeddings(settings.ids);
  const folder = join(settings.model, NEIGHBOURS_FOLDER);
  const partial = join(settings.model, `.${NEIGHBOURS_FOLDER}.partial`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  try {
    const built = await writeFiles(partial, file, ids, encodingDim, sink);
    const index = {
      format: 'twinvec-neighbours',
      formatVersion: 1,
      rows: built.rows,
      width: built.width,
      ids: ids !== undefined,
    } satisfies NeighbourIndexFile;
    await writeFile(join(partial, NEIGHBOUR_FILES.index), `${JSON.stringify(index, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    return built;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function writeFiles(
  dir: string,
  file: EmbeddingFile,
  ids: EmbeddingFile | undefined,
  encodingDim: number,
  sink: TextSink,
): Promise<BuiltIndex> {
  const progress = createProgress({ label: 'indexing', total: file.bytes, unit: 'bytes', sink });
  const records: number[] = [];
  let record = 0;
  async function* embeddings(): AsyncGenerator<Uint8Array> {
    for await (const lines of readEmbeddings(file, (bytes) => progress.update(bytes))) {
      const kept = lines.flatMap((line) => ('values' in line ? [line.values] : []));
      for (const line of lines) {
        if ('values' in line) records.push(record);
        record += 1;
      }
      const width = kept[0]?.length ?? encodingDim;
      if (width !== encodingDim) {
        const message = `${file.name} has embeddings of width ${width}; those of the model have ${encodingDim}.`;
        throw new TwinvecError('InvalidRecord', message);
      }
      yield Buffer.concat(
        kept.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
      );
    }
  }
  await pipeline(embeddings(), createWriteStream(join(dir, NEIGHBOUR_FILES.embeddings)));
  progress.finish();
  if (records.length === 0) throw new TwinvecError('InvalidRecord', `${file.name} holds no embeddings.`);
  await writeFile(join(dir, NEIGHBOUR_FILES.records), Int32Array.from(records));
  if (ids) await pipeline(idLines(ids, records, record), createWriteStream(join(dir, NEIGHBOUR_FILES.ids)));
  return { rows: records.length, width: encodingDim, skipped: record - records.length };
}

/** JSON strings for the records that are candidates. */
async function* idLines(file: EmbeddingFile, records: readonly number[], count: number): AsyncGenerator<string> {
  let line = 0;
  let row = 0;
  for await (const lines of textLines(createReadStream(file.path, 'utf8'))) {
    yield lines
      .map(({ text }) => {
        if (line++ !== records[row]) return '';
        row += 1;
        return `${JSON.stringify(text.trim())}\n`;
      })
      .join('');
  }
  if (line === count) return;
  throw new TwinvecError('InvalidRecord', `${file.name} has ${line} lines for ${count} records of the embeddings.`);
}
