/**
 * A data file as blocks of whole lines, read piece by piece, or as a whole; gzip is seen by its first bytes and opened on
 * the way.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { ChannelFile } from './channels.ts';

const BLOCK_BYTES = 1024 * 1024;
/** A line that is longer is not a record but a file in another form, such as one JSON array. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Blocks that end with a newline, or with the file. Their bytes are the consumer's.
 * @param onRead hears how many bytes of the file itself were read so far.
 * @throws TwinvecError InvalidTrainingData naming the file when it cannot be read or unzipped.
 */
export async function* lineBlocks(file: ChannelFile, onRead?: (bytesRead: number) => void): AsyncGenerator<Uint8Array> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of readBytes(file, onRead)) {
    const lineEnd = chunk.lastIndexOf(NEWLINE) + 1;
    if (lineEnd > 0) {
      yield Buffer.concat([...pending, chunk.subarray(0, lineEnd)]);
      pending = [];
      pendingBytes = 0;
    }
    pending.push(chunk.subarray(lineEnd));
    pendingBytes += chunk.length - lineEnd;
    if (pendingBytes > MAX_LINE_BYTES) {
      throw new TwinvecError('InvalidTrainingData', `${file.name} has a line longer than ${MAX_LINE_BYTES} bytes.`);
    }
  }
  if (pendingBytes > 0) yield Buffer.concat(pending);
}

/**
 * The file's bytes, unzipped when they are gzip.
 * @param onRead hears how many bytes of the file itself were read so far.
 */
export async function* readBytes(
  file: ChannelFile,
  onRead: (bytesRead: number) => void = () => {},
): AsyncGenerator<Buffer> {
  try {
    const bytes = createReadStream(file.path, { highWaterMark: BLOCK_BYTES });
    const source: Readable = (await isGzip(file.path))
      ? pipeline(bytes, createGunzip({ chunkSize: BLOCK_BYTES }), () => {})
      : bytes;
    for await (const chunk of source) {
      onRead(bytes.bytesRead);
      yield chunk as Buffer;
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    const unzip = reason.startsWith('Z_') ? 'is damaged gzip' : 'cannot be read';
    throw new TwinvecError('InvalidTrainingData', `${file.name} ${unzip} (${reason}).`, { cause: error });
  }
}

/**
 * All of a vocabulary's bytes, unzipped when they are gzip.
 * @throws TwinvecError InvalidTrainingData naming the file when it cannot be read or is too large for one.
 */
export async function readWhole(file: ChannelFile): Promise<Buffer> {
  const { value: most } = LIMITS.vocabularyFile;
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of readBytes(file)) {
    size += piece.length;
    if (size > most) throw new TwinvecError('InvalidTrainingData', `${file.name} has more than ${most} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
