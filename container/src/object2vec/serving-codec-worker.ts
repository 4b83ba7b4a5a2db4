/**
 * A codec thread: large bodies are decoded and large answers encoded here, so that `/ping` and small requests never
 * wait behind a 100 MiB body (spec faults C-5).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { toTwinvecError } from '#core/errors.ts';
import type { CandidateNames } from '#core/object2vec/encode-neighbours.ts';
import {
  type DecodeTask,
  decodeTask,
  type EncodeTask,
  encodeNeighboursTask,
  encodeTask,
  type NeighbourTask,
  type PlainError,
  type PlainRequest,
  toPlainError,
} from './serving-codec.ts';
import { type ServingTexts, textReaders, withTexts } from './serving-texts.ts';

export type CodecTask = DecodeTask | EncodeTask | NeighbourTask;
/** What a codec thread knows of the model, in memory that all threads share. */
export interface CodecData {
  readonly texts: ServingTexts;
  /** Of the model's candidates; undefined when it has none. */
  readonly names: CandidateNames | undefined;
}

export type CodecAnswer = PlainRequest | Uint8Array;
export interface ToCodec {
  readonly id: number;
  readonly task: CodecTask;
}
export type FromCodec =
  | { readonly id: number; readonly answer: CodecAnswer }
  | { readonly id: number; readonly error: PlainError; readonly cause: string | undefined };

const port = parentPort;
const { names, texts } = workerData as CodecData;
if (!port) throw new Error('This is a bug: the codec worker was started as a main thread');

const readers = textReaders(texts);

port.on('message', ({ id, task }: ToCodec) => {
  try {
    const answer = answerTo(task);
    port.postMessage({ id, answer } satisfies FromCodec, ownedBuffers(answer));
  } catch (thrown) {
    const error = toTwinvecError(thrown);
    const cause = error.cause instanceof Error ? error.cause.stack : undefined;
    port.postMessage({ id, error: toPlainError(error), cause } satisfies FromCodec);
  }
});

function answerTo(task: CodecTask): CodecAnswer {
  if (task.kind === 'decode') return decodeTask({ ...task, options: withTexts(task.options, readers) });
  if (task.kind === 'encode') return encodeTask(task);
  if (!names) throw new Error('This is a bug: neighbours are to be encoded, and the model has no candidates');
  return encodeNeighboursTask(task, names);
}

function ownedBuffers(answer: CodecAnswer): ArrayBuffer[] {
  const arrays =
    answer instanceof Uint8Array
      ? [answer]
      : [answer.in0?.ids, answer.in0?.offsets, answer.in1?.ids, answer.in1?.offsets].filter((one) => one !== undefined);
  const buffers = arrays
    .filter((one) => one.byteLength > 0 && one.byteLength === one.buffer.byteLength)
    .map(({ buffer }) => buffer as ArrayBuffer);
  return [...new Set(buffers)];
}
