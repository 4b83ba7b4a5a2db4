/**
 * A cheap HTTP client for benchmarks: ready-made request bytes over kept connections, and responses read by their
 * Content-Length alone, because the client shares the machine with the server that it measures.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface LoadResult {
  /** Answers by status. */
  readonly counts: ReadonlyMap<number, number>;
  /** Milliseconds of every answer, by status. */
  readonly latencies: ReadonlyMap<number, readonly number[]>;
  readonly seconds: number;
  /** Arrivals of an open loop that found no free connection. */
  readonly unsent: number;
}

/** The bytes of a POST /invocations. */
export function postBytes(body: Uint8Array, contentType = 'application/json'): Buffer {
  const head = `POST /invocations HTTP/1.1\r\nHost: b\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Every connection sends its next request as soon as its answer is there, for a time or up to a number of requests. */
export async function closedLoop(
  port: number,
  requests: readonly Buffer[],
  connections: number,
  seconds: number,
  most = Number.POSITIVE_INFINITY,
): Promise<LoadResult> {
  const recorder = new Recorder();
  const clients = await Promise.all(Array.from({ length: connections }, () => Client.open(port)));
  const endMs = performance.now() + seconds * 1000;
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (next < most && performance.now() < endMs)
        await recorder.record(client, requests[next++ % requests.length]!);
    }),
  );
  for (const client of clients) client.close();
  return recorder.result();
}

/** Requests arrive at a fixed rate, whatever the answers do. */
export async function openLoop(
  port: number,
  request: Buffer,
  perSecond: number,
  seconds: number,
  connections: number,
): Promise<LoadResult> {
  const recorder = new Recorder();
  const clients = await Promise.all(Array.from({ length: connections }, () => Client.open(port)));
  const idle = [...clients];
  const running = new Set<Promise<void>>();
  const arrive = () => {
    const client = idle.pop();
    if (!client) {
      recorder.unsent++;
      return;
    }
    const exchange = recorder.record(client, request).then(() => {
      idle.push(client);
      running.delete(exchange);
    });
    running.add(exchange);
  };
  const startMs = performance.now();
  let sent = 0;
  while (performance.now() - startMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    for (; sent < due; sent++) arrive();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
  for (const client of clients) client.close();
  return recorder.result();
}

/** Milliseconds of one exchange on a connection of its own. */
export async function timeOnce(client: Client, request: Buffer): Promise<number> {
  const startMs = performance.now();
  await client.exchange(request);
  return performance.now() - startMs;
}

class Recorder {
  readonly #latencies = new Map<number, number[]>();
  readonly #startMs = performance.now();
  unsent = 0;

  async record(client: Client, request: Buffer): Promise<void> {
    const startMs = performance.now();
    const status = await client.exchange(request);
    const times = this.#latencies.get(status) ?? [];
    this.#latencies.set(status, times);
    times.push(performance.now() - startMs);
  }

  result(): LoadResult {
    const counts = new Map([...this.#latencies].map(([status, times]) => [status, times.length]));
    const seconds = (performance.now() - this.#startMs) / 1000;
    return { counts, latencies: this.#latencies, seconds, unsent: this.unsent };
  }
}

const LENGTH_NAME = 'content-length: ';
const HEAD_END = '\r\n\r\n';

/** One kept connection with one request in flight. */
export class Client {
  readonly #socket: Socket;
  #pending: ((status: number) => void) | undefined;
  #head: Buffer[] = [];
  #status = 0;
  /** Bytes of the answer still to come; -1 while the head is incomplete. */
  #missing = -1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    // A lost connection ends the exchange with status 0, which shows up in the counts.
    socket.on('close', () => this.#pending?.(0));
    socket.on('error', () => {});
  }

  static async open(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Client(socket);
  }

  exchange(request: Buffer): Promise<number> {
    return new Promise((resolve) => {
      this.#pending = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#missing < 0) this.#readHead(chunk);
    else this.#missing -= chunk.length;
    if (this.#missing !== 0) return;
    this.#missing = -1;
    this.#pending?.(this.#status);
  }

  #readHead(chunk: Buffer): void {
    this.#head.push(chunk);
    const received = this.#head.length === 1 ? chunk : Buffer.concat(this.#head);
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    this.#head = [];
    this.#status = Number(received.toString('latin1', 9, 12));
    const head = received.toString('latin1', 0, headEnd).toLowerCase();
    const lengthAt = head.indexOf(LENGTH_NAME);
    const bodyLength = lengthAt < 0 ? 0 : Number.parseInt(head.slice(lengthAt + LENGTH_NAME.length), 10);
    this.#missing = bodyLength - (received.length - headEnd - HEAD_END.length);
  }
}

/** The value below which this share (0..1) of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
