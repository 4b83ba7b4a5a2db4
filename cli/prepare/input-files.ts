/** The files of an input, their form, and their text piece by piece. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { readBytes } from '../../container/src/object2vec/data/line-blocks.ts';
import type { Format } from './settings.ts';

export interface InputFile {
  readonly path: string;
  /** Relative to the input, for messages. */
  readonly name: string;
  readonly bytes: number;
  readonly format: Format;
}

const FORMAT_OF_NAME: readonly (readonly [RegExp, Format])[] = [
  [/\.csv$/i, 'csv'],
  [/\.(tsv|tab)$/i, 'tsv'],
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
  [/\.(txt|text)$/i, 'lines'],
];

/**
 * One file, or a folder's files with those of its sub-folders, by name. Hidden files and names with a leading underscore
 * are left out, as in a training channel.
 * @throws TwinvecError InvalidTrainingData when there is nothing to read, or a file's form cannot be told
 */
export async function listInputFiles(input: string, format: Format | undefined): Promise<readonly InputFile[]> {
  const found = await stat(input).catch((cause: unknown) => {
    throw new TwinvecError('InvalidTrainingData', `There is no file or folder ${input}.`, { cause });
  });
  if (!found.isDirectory()) return [describeFile(input, basename(input), found.size, format)];
  const entries = await readdir(input, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory() && !/^[._]/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length === 0) throw new TwinvecError('InvalidTrainingData', `The folder ${input} has no files.`);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths.map((path, at) => describeFile(path, relative(input, path).split(sep).join('/'), sizes[at]!, format));
}

function describeFile(path: string, name: string, bytes: number, given: Format | undefined): InputFile {
  const plain = name.replace(/\.gz$/i, '');
  const format = given ?? FORMAT_OF_NAME.find(([pattern]) => pattern.test(plain))?.[1];
  if (format) return { path, name, bytes, format };
  const message = `The form of ${name} cannot be told from its name. Give --format csv, tsv, jsonl or lines.`;
  throw new TwinvecError('InvalidConfiguration', message);
}

/**
 * @param onRead hears how many bytes of the file were read so far, before unzipping.
 * @throws TwinvecError InvalidTrainingData naming the file when it cannot be read or is not UTF-8
 */
export async function* readText(file: InputFile, onRead: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let at = 0;
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (cause) {
      const message = `${file.name} is not UTF-8 text (in the piece from byte ${at}). Convert it first.`;
      throw new TwinvecError('InvalidTrainingData', message, { cause });
    }
  };
  for await (const chunk of readBytes(file, onRead)) {
    yield decode(chunk);
    at += chunk.length;
  }
  yield decode();
}
