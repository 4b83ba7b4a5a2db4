/** The body of a request, written as fast as its reader takes it: bytes at once, anything else part by part. */
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { Readable } from 'node:stream';

export type RequestBody = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Resolves when the body is sent, or when the request is over and nobody reads on. Rejects with what reading the body
 * threw.
 */
export async function sendBody(request: ClientRequest, body: RequestBody | undefined): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  // A stream that waits for its next part would otherwise wait on when the request is over.
  if (body instanceof Readable) request.once('close', () => body.destroy());
  try {
    for await (const part of body) {
      if (request.destroyed) return;
      if (!request.write(part)) await drained(request);
    }
  } catch (error) {
    if (request.destroyed) return;
    throw error;
  }
  request.end();
}

async function drained(request: ClientRequest): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(request, 'drain', { signal }), once(request, 'close', { signal })]).catch(() => undefined);
  over.abort();
}
