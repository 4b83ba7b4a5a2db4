/**
 * The codec threads: started when the first large body comes, the least busy one takes the next task, and one that
 * dies (out of memory on a huge body) fails its tasks and is replaced by the next task.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TwinvecError } from '#core/errors.ts';
import type { CodecStart, FromCodec } from './codec-worker.ts';
import { fromPlainError } from './plain-error.ts';

const MAX_THREADS = 4;

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, PromiseWithResolvers<unknown>>;
}

export class CodecPool {
  readonly #start: CodecStart;
  readonly #size = Math.min(MAX_THREADS, Math.max(1, availableParallelism() - 1));
  readonly #threads = new Set<Thread>();
  #nextId = 0;

  /**
   * @param module URL of a module that exports a `runTask` (codec-task.ts).
   * @param data for every task of that module; what is to be shared and not copied lies in SharedArrayBuffers.
   */
  constructor(module: string, data?: unknown) {
    this.#start = { module, data };
  }

  /** The module's answer to the task. What is `moved` belongs to the thread afterwards. Rejects with a TwinvecError. */
  run<Answer>(task: unknown, moved: ArrayBuffer[]): Promise<Answer> {
    const { worker, tasks } = this.#leastBusy();
    const id = this.#nextId++;
    const settled = Promise.withResolvers<unknown>();
    tasks.set(id, settled);
    worker.postMessage({ id, task }, moved);
    return settled.promise as Promise<Answer>;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread {
    const threads = [...this.#threads].sort((a, b) => a.tasks.size - b.tasks.size);
    const [idlest] = threads;
    if (idlest && (idlest.tasks.size === 0 || threads.length >= this.#size)) return idlest;
    return this.#spawn();
  }

  #spawn(): Thread {
    const worker = new Worker(new URL('./codec-worker.ts', import.meta.url), { workerData: this.#start });
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
