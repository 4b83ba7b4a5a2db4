/**
 * A codec thread: large bodies are decoded and large answers encoded here, so that `/ping` and small requests never
 * wait behind a 100 MiB body (spec faults C-5).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { toTwinvecError } from '#core/errors.ts';
import type { RunTask } from './codec-task.ts';
import { type PlainError, toPlainError } from './plain-error.ts';

export interface CodecStart {
  readonly module: string;
  readonly data: unknown;
}
export interface ToCodec {
  readonly id: number;
  readonly task: unknown;
}
export type FromCodec =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: PlainError; readonly cause: string | undefined };

const port = parentPort;
if (!port) throw new Error('This is a bug: the codec worker was started as a main thread');
const { module, data } = workerData as CodecStart;
const { runTask } = (await import(module)) as { runTask: RunTask<unknown, unknown, unknown> };

port.on('message', ({ id, task }: ToCodec) => {
  try {
    const { answer, moved } = runTask(task, data);
    port.postMessage({ id, answer } satisfies FromCodec, moved);
  } catch (thrown) {
    const error = toTwinvecError(thrown);
    const cause = error.cause instanceof Error ? error.cause.stack : undefined;
    port.postMessage({ id, error: toPlainError(error), cause } satisfies FromCodec);
  }
});
