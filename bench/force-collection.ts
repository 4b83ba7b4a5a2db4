/**
 * Full garbage collections in another process, in each of its threads, through its inspector: what is left in its memory
 * afterwards is held, and not merely not collected yet.
 */
import { once } from 'node:events';

/** For the command line of the process, which then writes the inspector's address to its standard error. */
export const INSPECT = '--inspect=127.0.0.1:0';

const ADDRESS = /ws:\/\/127\.0\.0\.1:\d+\/\S+/;
const COLLECT = 'HeapProfiler.collectGarbage';

/** What the inspector's protocol sends: answers have an id, events a method. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly sessionId: string; readonly message?: string };
}

export class Collector {
  readonly #socket: WebSocket;
  readonly #workers = new Set<string>();
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
  }

  /** @param output what the process has written, in which its inspector's address is */
  static async open(output: readonly string[]): Promise<Collector> {
    const address = output.map((line) => ADDRESS.exec(line)?.[0]).find((found) => found !== undefined);
    if (address === undefined) throw new Error('The process has not said where its inspector is.');
    const socket = new WebSocket(address);
    await once(socket, 'open');
    const collector = new Collector(socket);
    await collector.#call('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return collector;
  }

  /** Collects the heaps of all threads and returns when that is done. */
  async collect(): Promise<void> {
    await this.#call(COLLECT);
    for (const sessionId of this.#workers) await this.#callWorker(sessionId);
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object = {}): Promise<void> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return this.#answered(id);
  }

  /** A worker's messages travel inside those of the main thread; its ids are not theirs. */
  #callWorker(sessionId: string): Promise<void> {
    const id = ++this.#lastId;
    void this.#call('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method: COLLECT }) });
    return this.#answered(id);
  }

  #answered(id: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #receive({ id, method, params }: Message): void {
    if (method === 'NodeWorker.attachedToWorker') this.#workers.add(params!.sessionId);
    if (method === 'NodeWorker.detachedFromWorker') this.#workers.delete(params!.sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker') this.#receive(JSON.parse(params!.message!) as Message);
    if (id === undefined) return;
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }
}
