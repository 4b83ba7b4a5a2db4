/** Takes the bytes of one upload in, with their MD5: a little stays in memory, more goes to a file as it comes. */
import { createHash, hash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { Received } from './object-store.ts';

/** What is larger goes to a file. */
const IN_MEMORY_BYTES = 1024 * 1024;
/** Parts are written together, so that a large upload does not cost one write for each packet. */
const WRITE_BYTES = 1024 * 1024;

/** @param folder On the same disk as the place where the bytes will go. */
export async function receiveBytes(chunks: AsyncIterable<Uint8Array>, folder: string): Promise<Received> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= IN_MEMORY_BYTES) {
    const next = await iterator.next();
    if (next.done) {
      const buffer = first.length === 1 ? Buffer.from(first[0]!) : Buffer.concat(first, bytes);
      return { bytes, md5: hash('md5', buffer), content: { buffer } };
    }
    first.push(next.value);
    bytes += next.value.length;
  }
  return writeToFile(first, iterator, path.join(folder, randomUUID()));
}

async function writeToFile(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  file: string,
): Promise<Received> {
  const md5 = createHash('md5');
  const handle = await open(file, 'wx');
  let held = [...first];
  let heldBytes = first.reduce((sum, { length }) => sum + length, 0);
  let bytes = heldBytes;
  for (const chunk of first) md5.update(chunk);
  try {
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      const chunk = next.value;
      md5.update(chunk);
      held.push(chunk);
      bytes += chunk.length;
      heldBytes += chunk.length;
      if (heldBytes < WRITE_BYTES) continue;
      await writeAll(handle, held);
      held = [];
      heldBytes = 0;
    }
    await writeAll(handle, held);
    return { bytes, md5: md5.digest('hex'), content: { file } };
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** One write may take less than it was given: then the rest follows in another. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const wanted = chunks.reduce((sum, { length }) => sum + length, 0);
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten === wanted) return;
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  for (let at = 0; at < rest.length; ) at += (await handle.write(rest, at)).bytesWritten;
}
