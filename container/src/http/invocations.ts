/**
 * Inference over HTTP, the path of design section 3: checks on the head, body under limits, the servable's work,
 * answer. Every way out of it is counted once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { freeNow } from '#core/memory/free-now.ts';
import type { Logger } from '../log/logger.ts';
import type { Answer, Client, Servable } from '../servables/servable.ts';
import { type BodyLimits, readBody, UploadAborted } from './body.ts';
import type { Counters } from './counters.ts';
import type { HeapRoom } from './heap-room.ts';
import type { Readiness } from './readiness.ts';
import { type ErrorForm, refuseUpload, sendBytes, sendError } from './reply.ts';
import { announcedLength, checkContentEncoding, checkSingleContentType } from './request-checks.ts';
import { requestIdOf } from './request-id.ts';
import type { RequestHead } from './served-model.ts';

export interface InvocationsOptions {
  readonly limits: BodyLimits;
  readonly heap: HeapRoom;
  readonly readiness: Readiness;
  readonly counters: Counters;
  readonly log: Logger;
}

/** What a request asks for. */
export interface Invocation {
  readonly servable: Pick<Servable, 'hold' | 'checkHead' | 'answer'>;
  readonly head: RequestHead;
}

interface CheckedInvocation extends Invocation {
  /** Content-Length; undefined for a chunked body. */
  readonly announced: number | undefined;
}

/** One way to call models: how its requests name them, and how its refusals look. */
export interface InvocationRoute {
  /** Throws the refusal of a request that names no model that there is. */
  resolve(req: IncomingMessage): Invocation;
  readonly errorForm?: ErrorForm;
}

/** Bodies up to this length are read to their end even when refused, which keeps the connection usable. */
const CHEAP_BODY_BYTES = 65_536;
const CLIENT_GONE = Symbol('client gone');

export class Invocations {
  readonly #options: InvocationsOptions;

  constructor(options: InvocationsOptions) {
    this.#options = options;
  }

  /** `awaitsContinue`: the client sent `Expect: 100-continue` and holds its body back. Never rejects. */
  async handle(
    route: InvocationRoute,
    req: IncomingMessage,
    res: ServerResponse,
    awaitsContinue: boolean,
  ): Promise<void> {
    const { counters } = this.#options;
    counters.received++;
    try {
      const outcome = await this.#answer(route, req, res, awaitsContinue);
      if (outcome === CLIENT_GONE) counters.cancelled++;
      else counters.ok++;
    } catch (thrown) {
      if (thrown instanceof UploadAborted || res.closed) counters.cancelled++;
      // A forced stop has refused it already.
      else if (res.headersSent) counters.failed++;
      else this.#refuse(route, req, res, toTwinvecError(thrown), awaitsContinue);
    }
  }

  async #answer(
    route: InvocationRoute,
    req: IncomingMessage,
    res: ServerResponse,
    awaitsContinue: boolean,
  ): Promise<symbol | undefined> {
    const startedMs = performance.now();
    const checked = this.#checkHead(route, req);
    const release = checked.servable.hold();
    try {
      if (awaitsContinue) res.writeContinue();
      return await this.#answerBody(checked, req, res, startedMs);
    } finally {
      release();
    }
  }

  async #answerBody(
    { announced, servable, head }: CheckedInvocation,
    req: IncomingMessage,
    res: ServerResponse,
    startedMs: number,
  ): Promise<symbol | undefined> {
    const { limits, heap, counters } = this.#options;
    const body = await readBody(req, announced, limits);
    // Decoding may move the body to another thread, which empties it here.
    const heldBytes = body.length;
    try {
      if (heldBytes === 0) throw new TwinvecError('EmptyBody', 'The request has no body. Send at least one record.');
      // Others were decoded while this one arrived, and a body takes its room on the heap only now.
      heap.check();
      const onDropped = () => counters.cancelledBeforeEngine++;
      const answer = await servable.answer(body, head, { client: clientOf(res), onDropped });
      if (!answer || res.closed || res.headersSent) return CLIENT_GONE;
      this.#prepareClose(res);
      sendBytes(res, answer.contentType, answer.body, timingHeaders(answer, performance.now() - startedMs));
      return undefined;
    } finally {
      limits.held.give(heldBytes);
      // Answered or given up: what the model still needs of it was copied or moved.
      freeNow(body);
    }
  }

  /** All that can be refused without reading the body. */
  #checkHead(route: InvocationRoute, req: IncomingMessage): CheckedInvocation {
    const { readiness, heap, limits } = this.#options;
    readiness.checkServing();
    heap.check();
    checkSingleContentType(req);
    checkContentEncoding(req);
    const { servable, head } = route.resolve(req);
    servable.checkHead(head);
    return { announced: announcedLength(req, limits.maxBodyBytes), servable, head };
  }

  #refuse(
    route: InvocationRoute,
    req: IncomingMessage,
    res: ServerResponse,
    error: TwinvecError,
    awaitsContinue: boolean,
  ): void {
    const { counters, log } = this.#options;
    const requestId = requestIdOf(req);
    counters.countError(error);
    const level = error.code === 'Internal' ? 'error' : 'warn';
    const cause = error.cause instanceof Error ? error.cause.stack : undefined;
    log.repeated(level, 'request_refused', error.code, { code: error.code, requestId, cause });
    this.#prepareClose(res);
    const { errorForm } = route;
    if (req.complete || isCheapToRead(req))
      sendError(res, error, requestId, !req.complete && awaitsContinue, errorForm);
    else if (awaitsContinue) sendError(res, error, requestId, true, errorForm);
    else refuseUpload(req, res, error, requestId, errorForm);
  }

  /** A stopping server lets no connection wait for another request. */
  #prepareClose(res: ServerResponse): void {
    if (this.#options.readiness.isDraining) res.shouldKeepAlive = false;
  }
}

function clientOf(res: ServerResponse): Client {
  return {
    get isGone() {
      return res.closed;
    },
    onGone(callback) {
      res.once('close', callback);
      return () => res.off('close', callback);
    },
  };
}

function isCheapToRead(req: IncomingMessage): boolean {
  const announced = Number(req.headers['content-length']);
  return announced <= CHEAP_BODY_BYTES;
}

function timingHeaders({ queueMs, inferenceMs }: Answer, totalMs: number): string[] {
  return [
    'x-twinvec-queue-ms',
    queueMs.toFixed(2),
    'x-twinvec-inference-ms',
    inferenceMs.toFixed(2),
    'x-twinvec-total-ms',
    totalMs.toFixed(2),
  ];
}
