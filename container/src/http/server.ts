/**
 * The HTTP server on bare node:http: SageMaker's three routes matched exactly, further ones below a prefix, with every
 * timeout set. Why no framework: docs/decisions/0003-bare-node-http.md.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { quoteForMessage, TwinvecError, toTwinvecError } from '#core/errors.ts';
import type { ExecutionParameters } from '../config/serving-config.ts';
import { Connections } from './connections.ts';
import type { Readiness } from './readiness.ts';
import { sendEmpty, sendError, sendJson } from './reply.ts';
import { checkHost } from './request-checks.ts';
import { requestIdOf } from './request-id.ts';

export interface HttpServerOptions {
  readonly readiness: Readiness;
  readonly executionParameters: ExecutionParameters;
  readonly invoke: (req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean) => Promise<void>;
  /** Routes below a path. */
  readonly subtrees: readonly Subtree[];
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
}

export interface HttpServer {
  readonly server: Server;
  readonly connections: Connections;
}

/** Every path that begins with `prefix` is answered by `handle`, which may throw a refusal. */
export interface Subtree {
  readonly prefix: string;
  readonly handle: (path: string, req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean) => void;
}

type Handler = (req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean) => void;
type Route = Readonly<Record<string, Handler>>;

const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than a load balancer's idle time of 60 s, so that the balancer closes first (spec faults M7). */
const KEEP_ALIVE_MS = 75_000;
const TIMEOUT_CHECK_MS = 1000;
const MAX_HEADER_BYTES = 16_384;
/** Further headers are ignored. SageMaker sends about a dozen. */
const MAX_HEADERS = 128;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const server = createServer({
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, options.requestTimeoutMs),
    // Bodies are timed by SlowUploads, whose refusal says why; this is the backstop behind it.
    requestTimeout: options.requestTimeoutMs + 2 * TIMEOUT_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Ours to check, so that the refusal has the shape of every other.
    requireHostHeader: false,
    insecureHTTPParser: false,
  });
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = options.maxConnections;
  const connections = new Connections(server, options.requestTimeoutMs);
  const routes = routesOf(options);
  const dispatch = new Dispatch(routes, options.subtrees, connections);
  server.on('request', (req, res) => dispatch.handle(req, res, false));
  server.on('checkContinue', (req, res) => dispatch.handle(req, res, true));
  return { server, connections };
}

function routesOf({ readiness, executionParameters, invoke }: HttpServerOptions): ReadonlyMap<string, Route> {
  const ping: Handler = (_req, res) => {
    if (readiness.isDraining) res.shouldKeepAlive = false;
    sendEmpty(res, readiness.isHealthy ? 200 : 503);
  };
  const parameters: Handler = (_req, res) => sendJson(res, executionParameters);
  return new Map<string, Route>([
    ['/ping', { GET: ping, HEAD: ping }],
    ['/invocations', { POST: (req, res, awaitsContinue) => void invoke(req, res, awaitsContinue) }],
    ['/execution-parameters', { GET: parameters, HEAD: parameters }],
  ]);
}

class Dispatch {
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #subtrees: readonly Subtree[];
  readonly #connections: Connections;

  constructor(routes: ReadonlyMap<string, Route>, subtrees: readonly Subtree[], connections: Connections) {
    this.#routes = routes;
    this.#subtrees = subtrees;
    this.#connections = connections;
  }

  handle(req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean): void {
    this.#connections.begin(req, res);
    try {
      checkHost(req);
      const path = pathOf(req);
      const subtree = this.#subtrees.find(({ prefix }) => path.startsWith(prefix));
      if (subtree) subtree.handle(path, req, res, awaitsContinue);
      else this.#handlerOf(path, req, res)(req, res, awaitsContinue);
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      // What follows an ambiguous request on the same connection cannot be trusted either.
      sendError(res, error, requestIdOf(req), error.code === 'MalformedHttp' || !req.complete);
    }
  }

  #handlerOf(path: string, req: IncomingMessage, res: ServerResponse): Handler {
    const route = this.#routes.get(path);
    if (!route) throw new TwinvecError('NotFound', `There is no path ${quoteForMessage(path)}.`);
    const method = req.method ?? '';
    const handler = Object.hasOwn(route, method) ? route[method] : undefined;
    if (handler) return handler;
    const allowed = Object.keys(route).join(', ');
    res.setHeader('Allow', allowed);
    throw new TwinvecError('MethodNotAllowed', `${path} takes ${allowed}, not ${quoteForMessage(method)}.`);
  }
}

/** Paths match exactly or not at all: nothing is decoded, normalised or joined (spec faults A24, A25). */
function pathOf(req: IncomingMessage): string {
  const url = req.url ?? '';
  const queryAt = url.indexOf('?');
  return queryAt < 0 ? url : url.slice(0, queryAt);
}
