/**
 * A small model server over real HTTP: it answers every line with the line itself, and misbehaves when a line says so.
 * `400`, `500`: that status. `drop`: the connection breaks mid-answer. `hang`: no answer. `bad`: a placeholder line.
 * `lose`: that record is missing from the answer. A sentinel followed by `-once` misbehaves only the first time.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EchoServer {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly mostInFlight: number;
  /** Requests without a Content-Length. */
  readonly chunkedBodies: number;
  close(): Promise<void>;
}

export interface EchoOptions {
  readonly executionParameters?: unknown;
  readonly mediaType?: string;
  /** False for so many or such large ones that they would fill the memory. @default true */
  readonly keepBodies?: boolean;
  /** Awaited before an answer is sent; lets a test decide the order in which requests end. */
  readonly beforeAnswer?: (body: string) => Promise<void>;
}

export async function startEchoServer(options: EchoOptions = {}): Promise<EchoServer> {
  const bodies: string[] = [];
  const misbehaved = new Set<string>();
  let inFlight = 0;
  let mostInFlight = 0;
  let chunkedBodies = 0;

  function misbehaviour(body: string): string | undefined {
    for (const line of body.split('\n')) {
      const [word, times] = line.split('-');
      if (!['400', '500', 'drop', 'hang'].includes(word!)) continue;
      if (times === 'once' && misbehaved.has(line)) continue;
      misbehaved.add(line);
      return word;
    }
    return undefined;
  }

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.url === '/execution-parameters') {
      response.statusCode = options.executionParameters ? 200 : 404;
      response.end(JSON.stringify(options.executionParameters ?? { error: 'Not Found' }));
      return;
    }
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    if (options.keepBodies !== false) bodies.push(body);
    if (request.headers['transfer-encoding'] === 'chunked') chunkedBodies += 1;
    await options.beforeAnswer?.(body);
    inFlight -= 1;
    const wrong = misbehaviour(body);
    if (wrong === 'hang') return;
    response.setHeader('content-type', options.mediaType ?? 'application/jsonlines');
    if (wrong === 'drop') {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('cut');
      response.destroy();
      return;
    }
    if (wrong) {
      response.statusCode = Number(wrong);
      response.end(`{"error":"sentinel ${wrong}"}`);
      return;
    }
    const lines = body.split('\n').filter((line) => line !== 'lose');
    response.end(lines.map((line) => (line === 'bad' ? '{"error":{"code":"MalformedJson"}}' : line)).join('\n'));
  }

  // A client that gives up in the middle of its body is part of some tests.
  const server = http.createServer((request, response) => void answer(request, response).catch(() => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    get mostInFlight() {
      return mostInFlight;
    },
    get chunkedBodies() {
      return chunkedBodies;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
