/**
 * Reads a request body into one buffer under every limit: size, number of chunks, bytes held by the whole server, and
 * (through {@link SlowUploads}) time. A body that arrives in one piece is not copied.
 */
import type { IncomingMessage } from 'node:http';
import { TwinvecError } from '#core/errors.ts';
import { freeNow } from '#core/memory/free-now.ts';
import type { ByteBudget } from '../batching/byte-budget.ts';
import { tooLarge } from './request-checks.ts';
import type { SlowUploads } from './slow-uploads.ts';

/** A million one-byte chunks cost far more than their bytes (spec faults A14); Triton stops at the same number. */
const MAX_CHUNKS = 65_536;
const FIRST_GROWTH_BYTES = 16_384;

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly held: ByteBudget;
  readonly slowUploads: SlowUploads;
}

/** The client went away in the middle of its body: there is nobody to answer. */
export class UploadAborted extends Error {}

/**
 * The whole body. `announced` is the Content-Length, or undefined for a chunked body. The bytes stay counted in
 * `limits.held` until the caller gives back `body.length`; after a rejection they have been given back.
 *
 * Rejects with PayloadTooLarge, MalformedHttp, Overloaded, RequestTimeout or {@link UploadAborted}.
 */
export function readBody(req: IncomingMessage, announced: number | undefined, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => new BodyReader(req, announced, limits, resolve, reject).start());
}

class BodyReader {
  readonly #req: IncomingMessage;
  readonly #announced: number | undefined;
  readonly #limits: BodyLimits;
  readonly #resolve: (body: Buffer) => void;
  readonly #reject: (error: Error) => void;
  #body: Buffer | undefined;
  #length = 0;
  #chunks = 0;
  #taken = 0;

  constructor(
    req: IncomingMessage,
    announced: number | undefined,
    limits: BodyLimits,
    resolve: (body: Buffer) => void,
    reject: (error: Error) => void,
  ) {
    this.#req = req;
    this.#announced = announced;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    try {
      this.#take(this.#announced ?? 0);
    } catch (error) {
      this.#reject(error as Error);
      return;
    }
    this.#limits.slowUploads.watch(this.#req, () => this.#length, this.#fail);
    this.#req.on('data', this.#receive);
    this.#req.on('end', this.#end);
    this.#req.on('error', this.#abort);
    this.#req.on('close', this.#abort);
  }

  readonly #receive = (chunk: Buffer): void => {
    try {
      this.#append(chunk);
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  readonly #end = (): void => {
    this.#stop();
    const body = this.#body?.subarray(0, this.#length) ?? Buffer.alloc(0);
    this.#limits.held.give(this.#taken - body.length);
    this.#resolve(body);
  };

  readonly #abort = (): void => this.#fail(new UploadAborted());

  readonly #fail = (error: Error): void => {
    this.#stop();
    this.#limits.held.give(this.#taken);
    this.#reject(error);
  };

  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#limits.maxBodyBytes) throw tooLarge(this.#limits.maxBodyBytes);
    if (this.#announced === undefined && ++this.#chunks > MAX_CHUNKS) {
      throw new TwinvecError('MalformedHttp', `The body came in more than ${MAX_CHUNKS} chunks. Send larger chunks.`);
    }
    if (!this.#body && length === this.#announced) {
      this.#body = chunk;
    } else {
      this.#makeRoom(length);
      chunk.copy(this.#body!, this.#length);
      freeNow(chunk);
    }
    this.#length = length;
  }

  #makeRoom(length: number): void {
    if (this.#body && this.#body.length >= length) return;
    const size = this.#announced ?? Math.min(Math.max(2 * length, FIRST_GROWTH_BYTES), this.#limits.maxBodyBytes);
    this.#take(size - this.#taken);
    const grown = Buffer.allocUnsafeSlow(size);
    this.#body?.copy(grown, 0, 0, this.#length);
    this.#body = grown;
  }

  #take(bytes: number): void {
    this.#limits.held.take(bytes);
    this.#taken += bytes;
  }

  #stop(): void {
    this.#limits.slowUploads.forget(this.#req);
    this.#req.off('data', this.#receive);
    this.#req.off('end', this.#end);
    this.#req.off('error', this.#abort);
    this.#req.off('close', this.#abort);
  }
}
