/**
 * Full garbage collections in another process, through its inspector: what is left in its memory afterwards is held, and
 * not merely not collected yet.
 */
import { once } from 'node:events';

/** For the command line of the process, which then writes the inspector's address to its standard error. */
export const INSPECT = '--inspect=127.0.0.1:0';

const ADDRESS = /ws:\/\/127\.0\.0\.1:\d+\/\S+/;

export class Collector {
  readonly #socket: WebSocket;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @param output what the process has written, in which its inspector's address is */
  static async open(output: readonly string[]): Promise<Collector> {
    const address = output.map((line) => ADDRESS.exec(line)?.[0]).find((found) => found !== undefined);
    if (address === undefined) throw new Error('The process has not said where its inspector is.');
    const socket = new WebSocket(address);
    await once(socket, 'open');
    return new Collector(socket);
  }

  /** Collects the main thread's heap and returns when that is done. */
  async collect(): Promise<void> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    for (;;) {
      const [{ data }] = (await once(this.#socket, 'message')) as [{ readonly data: string }];
      if (JSON.parse(data).id === id) return;
    }
  }

  close(): void {
    this.#socket.close();
  }
}
