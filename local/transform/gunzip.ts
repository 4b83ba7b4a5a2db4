/** CompressionType=Gzip: an object is unpacked as it is read, before it is split (API TransformInput). */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TwinvecError } from '#core/errors.ts';

const CHUNK_BYTES = 256 * 1024;

/** @throws TwinvecError MalformedBody when the object is damaged, cut off or not gzip at all; what reading it throws */
export async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  let readingFailed: { readonly error: Error } | undefined;
  source.once('error', (error) => {
    readingFailed = { error };
    gunzip.destroy(error);
  });
  let bytes = 0;
  try {
    for await (const chunk of source.pipe(gunzip) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (readingFailed) throw readingFailed.error;
    throw new TwinvecError('MalformedBody', problemOf(error as NodeJS.ErrnoException, bytes), { cause: error });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function problemOf({ code, message }: NodeJS.ErrnoException, bytes: number): string {
  const after = `after ${bytes} unpacked bytes`;
  if (code === 'Z_BUF_ERROR') return `the gzip object is cut off ${after}`;
  if (message === 'incorrect header check' && bytes === 0)
    return 'the object is not gzip. Set CompressionType None, or compress it';
  return `the gzip object is damaged ${after}: ${message}`;
}
