/** CompressionType=Gzip: an object is unpacked as it is read, before it is split (API TransformInput). */
import { createGunzip, type Gunzip } from 'node:zlib';
import { TwinvecError } from '#core/errors.ts';

const CHUNK_BYTES = 256 * 1024;

/** @throws TwinvecError MalformedBody when the object is damaged, cut off or not gzip at all; what reading it throws */
export async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const source = chunks[Symbol.asyncIterator]();
  let readingFailed: { readonly error: unknown } | undefined;
  const feeding = feed(source, gunzip).catch((error: unknown) => {
    readingFailed = { error };
    gunzip.destroy(error instanceof Error ? error : undefined);
  });
  let bytes = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
    await feeding;
  } catch (error) {
    if (readingFailed) throw readingFailed.error;
    throw new TwinvecError('MalformedBody', problemOf(error as NodeJS.ErrnoException, bytes), { cause: error });
  } finally {
    gunzip.destroy();
    await source.return?.();
  }
}

/** Writes all there is to read, no faster than it is unpacked. Ends when unpacking does. */
async function feed(source: AsyncIterator<Uint8Array>, gunzip: Gunzip): Promise<void> {
  for (let next = await source.next(); !next.done; next = await source.next()) {
    if (gunzip.destroyed) return;
    if (!gunzip.write(next.value)) await drained(gunzip);
  }
  gunzip.end();
}

function drained(gunzip: Gunzip): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  gunzip.once('drain', resolve);
  gunzip.once('close', resolve);
  return promise;
}

function problemOf({ code, message }: NodeJS.ErrnoException, bytes: number): string {
  const after = `after ${bytes} unpacked bytes`;
  if (code === 'Z_BUF_ERROR') return `the gzip object is cut off ${after}`;
  if (message === 'incorrect header check' && bytes === 0)
    return 'the object is not gzip. Set CompressionType None, or compress it';
  return `the gzip object is damaged ${after}: ${message}`;
}
