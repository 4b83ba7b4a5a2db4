/**
 * The codec threads: started when the first large body comes, the least busy one takes the next task, and one that
 * dies (out of memory on a huge body) fails its tasks and is replaced by the next task.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TwinvecError } from '#core/errors.ts';
import {
  type DecodeTask,
  type EncodeTask,
  fromPlainError,
  type NeighbourTask,
  type PlainRequest,
} from './serving-codec.ts';
import type { CodecAnswer, CodecData, CodecTask, FromCodec } from './serving-codec-worker.ts';

const MAX_THREADS = 4;

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, PromiseWithResolvers<CodecAnswer>>;
}

export class CodecPool {
  readonly #size = Math.min(MAX_THREADS, Math.max(1, availableParallelism() - 1));
  readonly #threads = new Set<Thread>();
  readonly #data: CodecData;
  #nextId = 0;

  /** @param data of the model, in shared memory, which every thread gets once */
  constructor(data: CodecData) {
    this.#data = data;
  }

  /** The body's buffer is moved to the thread where it owns it: do not use the body afterwards. */
  decode(task: DecodeTask): Promise<PlainRequest> {
    const body = owned(task.body);
    return this.#run({ ...task, body }, [body]) as Promise<PlainRequest>;
  }

  encode(task: EncodeTask): Promise<Uint8Array> {
    const values = owned(task.values);
    return this.#run({ ...task, values }, [values]) as Promise<Uint8Array>;
  }

  encodeNeighbours(task: NeighbourTask): Promise<Uint8Array> {
    const [candidates, scores] = [owned(task.candidates), owned(task.scores)];
    return this.#run({ ...task, candidates, scores }, [candidates, scores]) as Promise<Uint8Array>;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  /** @param moved arrays of the task that own their buffers */
  #run(task: CodecTask, moved: readonly Owned[]): Promise<CodecAnswer> {
    const { worker, tasks } = this.#leastBusy();
    const id = this.#nextId++;
    const settled = Promise.withResolvers<CodecAnswer>();
    tasks.set(id, settled);
    const buffers = moved.map(({ buffer }) => buffer as ArrayBuffer).filter(({ byteLength }) => byteLength > 0);
    worker.postMessage({ id, task }, buffers);
    return settled.promise;
  }

  #leastBusy(): Thread {
    const threads = [...this.#threads].sort((a, b) => a.tasks.size - b.tasks.size);
    const [idlest] = threads;
    if (idlest && (idlest.tasks.size === 0 || threads.length >= this.#size)) return idlest;
    return this.#spawn();
  }

  #spawn(): Thread {
    const worker = new Worker(new URL('./serving-codec-worker.ts', import.meta.url), { workerData: this.#data });
    const thread: Thread = { worker, tasks: new Map() };
    worker.on('message', (message: FromCodec) => {
      const task = thread.tasks.get(message.id);
      thread.tasks.delete(message.id);
      if ('answer' in message) task?.resolve(message.answer);
      else task?.reject(fromPlainError(message.error));
    });
    const fail = () => {
      this.#threads.delete(thread);
      for (const { reject } of thread.tasks.values()) reject(lost());
      thread.tasks.clear();
    };
    worker.on('error', fail);
    worker.on('exit', fail);
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }
}

function lost(): TwinvecError {
  return new TwinvecError('OutOfMemory', 'The request or its answer does not fit into memory. Send fewer records.');
}

type Owned = Uint8Array | Float32Array | Int32Array;

/** The array itself when it has its buffer to itself, else a copy that does. */
function owned<T extends Owned>(array: T): T {
  if (array.byteLength === array.buffer.byteLength) return array;
  // Buffer's own slice would be a view.
  const copy = array instanceof Uint8Array ? Uint8Array.prototype.slice.call(array) : array.slice();
  return copy as T;
}
