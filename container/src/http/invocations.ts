/**
 * POST /invocations, the path of design section 3: checks on the head, body under limits, decode, admission, batch,
 * encode, answer. Every way out of it is counted once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import type { Batcher, JobAnswer } from '../batching/batcher.ts';
import type { Job } from '../batching/job.ts';
import type { Logger } from '../log/logger.ts';
import { type BodyLimits, readBody, UploadAborted } from './body.ts';
import type { Counters } from './counters.ts';
import type { Readiness } from './readiness.ts';
import { refuseUpload, sendBytes, sendError } from './reply.ts';
import { announcedLength, checkContentEncoding, checkSingleContentType } from './request-checks.ts';
import { requestIdOf } from './request-id.ts';
import type { BodyHeaders, ServedModel } from './served-model.ts';

export interface InvocationsOptions<J extends Job> {
  readonly model: ServedModel<J>;
  readonly batcher: Batcher<J>;
  readonly limits: BodyLimits;
  readonly readiness: Readiness;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Bodies up to this length are read to their end even when refused, which keeps the connection usable. */
const CHEAP_BODY_BYTES = 65_536;
const CLIENT_GONE = Symbol('client gone');

export class Invocations<J extends Job> {
  readonly #options: InvocationsOptions<J>;

  constructor(options: InvocationsOptions<J>) {
    this.#options = options;
  }

  /** `awaitsContinue`: the client sent `Expect: 100-continue` and holds its body back. Never rejects. */
  async handle(req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean): Promise<void> {
    const { counters } = this.#options;
    counters.received++;
    try {
      const outcome = await this.#answer(req, res, awaitsContinue);
      if (outcome === CLIENT_GONE) counters.cancelled++;
      else counters.ok++;
    } catch (thrown) {
      if (thrown instanceof UploadAborted || res.closed) counters.cancelled++;
      // A forced stop has refused it already.
      else if (res.headersSent) counters.failed++;
      else this.#refuse(req, res, toTwinvecError(thrown), awaitsContinue);
    }
  }

  async #answer(req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean): Promise<symbol | undefined> {
    const startedMs = performance.now();
    const { model, limits } = this.#options;
    const attributes = req.headers['x-amzn-sagemaker-custom-attributes'];
    const headers: BodyHeaders = {
      contentType: req.headers['content-type'],
      accept: req.headers.accept,
      customAttributes: Array.isArray(attributes) ? attributes.join(';') : attributes,
    };
    const announced = this.#checkHead(req, headers);
    if (awaitsContinue) res.writeContinue();
    const body = await readBody(req, announced, limits);
    // Decoding may move the body to another thread, which empties it here.
    const heldBytes = body.length;
    try {
      if (heldBytes === 0) throw new TwinvecError('EmptyBody', 'The request has no body. Send at least one record.');
      const decoded = model.decode(body, headers);
      const job = decoded instanceof Promise ? await decoded : decoded;
      const answer = job.rows === 0 ? undefined : await this.#infer(job, res);
      if (res.closed) return CLIENT_GONE;
      const encoding = model.encode(job, answer?.outputs);
      const encoded = encoding instanceof Promise ? await encoding : encoding;
      if (res.closed || res.headersSent) return CLIENT_GONE;
      this.#prepareClose(res);
      sendBytes(res, encoded.contentType, encoded.body, timingHeaders(answer, performance.now() - startedMs));
      return undefined;
    } finally {
      limits.held.give(heldBytes);
    }
  }

  /** All that can be refused without reading the body. Returns its announced length. */
  #checkHead(req: IncomingMessage, headers: BodyHeaders): number | undefined {
    const { readiness, model, batcher, limits } = this.#options;
    readiness.checkServing();
    checkSingleContentType(req);
    checkContentEncoding(req);
    model.checkHeaders(headers);
    const announced = announcedLength(req, limits.maxBodyBytes);
    batcher.admit();
    return announced;
  }

  async #infer(job: J, res: ServerResponse): Promise<JobAnswer | undefined> {
    if (res.closed) return undefined;
    const ticket = this.#options.batcher.submit(job);
    const clientGone = Promise.withResolvers<undefined>();
    const onClose = () => {
      if (!ticket.cancel()) return;
      this.#options.counters.cancelledBeforeEngine++;
      clientGone.resolve(undefined);
    };
    res.once('close', onClose);
    try {
      return await Promise.race([ticket.answer, clientGone.promise]);
    } finally {
      res.off('close', onClose);
    }
  }

  #refuse(req: IncomingMessage, res: ServerResponse, error: TwinvecError, awaitsContinue: boolean): void {
    const { counters, log } = this.#options;
    const requestId = requestIdOf(req);
    counters.countError(error);
    const level = error.code === 'Internal' ? 'error' : 'warn';
    const cause = error.cause instanceof Error ? error.cause.stack : undefined;
    log.repeated(level, 'request_refused', error.code, { code: error.code, requestId, cause });
    this.#prepareClose(res);
    if (req.complete) sendError(res, error, requestId);
    else if (awaitsContinue) sendError(res, error, requestId, true);
    else if (isCheapToRead(req)) sendError(res, error, requestId);
    else refuseUpload(req, res, error, requestId);
  }

  /** A stopping server lets no connection wait for another request. */
  #prepareClose(res: ServerResponse): void {
    if (this.#options.readiness.isDraining) res.shouldKeepAlive = false;
  }
}

function isCheapToRead(req: IncomingMessage): boolean {
  const announced = Number(req.headers['content-length']);
  return announced <= CHEAP_BODY_BYTES;
}

function timingHeaders(answer: JobAnswer | undefined, totalMs: number): string[] {
  return [
    'x-twinvec-queue-ms',
    (answer?.queueMs ?? 0).toFixed(2),
    'x-twinvec-inference-ms',
    (answer?.inferenceMs ?? 0).toFixed(2),
    'x-twinvec-total-ms',
    totalMs.toFixed(2),
  ];
}
