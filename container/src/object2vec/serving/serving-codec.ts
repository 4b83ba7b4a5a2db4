/**
 * Decoding and encoding of Object2Vec bodies as plain functions of cloneable values, so that they run equally on the
 * HTTP thread (small bodies) and on a codec thread (large ones).
 */
import { parseContentType } from '#core/http/content-type.ts';
import { decodeInferenceRequest, encodePredictions } from '#core/object2vec/codec.ts';
import { type CandidateNames, encodeNeighbours, type NeighbourAnswers } from '#core/object2vec/encode-neighbours.ts';
import type { DecodeOptions, InferenceMode, InferenceRequest } from '#core/object2vec/inference-request.ts';
import { type CodecOutcome, ownBuffers } from '../../codec/codec-task.ts';
import { fromPlainFailures, type PlainFailure, toPlainFailures } from '../../codec/plain-error.ts';
import { type ServingTexts, textReaders, withTexts } from './serving-texts.ts';

export interface DecodeTask {
  readonly kind: 'decode';
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly options: DecodeOptions;
}

export interface EncodeTask {
  readonly kind: 'encode';
  readonly mode: InferenceMode;
  /** [good rows x width] */
  readonly values: Float32Array;
  readonly width: number;
  readonly failures: readonly PlainFailure[];
  readonly mediaType: string;
}

/** The nearest candidates as a body. */
export interface NeighbourTask extends Omit<NeighbourAnswers, 'failures'> {
  readonly kind: 'neighbours';
  readonly failures: readonly PlainFailure[];
  readonly mediaType: string;
}

/** A decoded request whose failures can be cloned. */
export type PlainRequest = Omit<InferenceRequest, 'failures'> & { readonly failures: readonly PlainFailure[] };

/** Throws what the codec throws. */
export function decodeTask({ body, contentType, options }: DecodeTask): PlainRequest {
  const request = decodeInferenceRequest(body, parseContentType(contentType), options);
  return { ...request, failures: toPlainFailures(request.failures) };
}

export function encodeTask({ mode, values, width, failures, mediaType }: EncodeTask): Uint8Array {
  return encodePredictions({ mode, values, width, failures: fromPlainFailures(failures) }, mediaType);
}

export function encodeNeighboursTask(task: NeighbourTask, names: CandidateNames): Uint8Array {
  return encodeNeighbours({ ...task, failures: fromPlainFailures(task.failures) }, names, task.mediaType);
}

type CodecTask = DecodeTask | EncodeTask | NeighbourTask;

/** What a codec thread knows of the model, in memory that all threads share. */
export interface CodecData {
  readonly texts: ServingTexts;
  /** Of the model's candidates; undefined when it has none. */
  readonly names: CandidateNames | undefined;
}

/** The codec thread's entry (codec-task.ts). */
export function runTask(task: CodecTask, { texts, names }: CodecData): CodecOutcome<PlainRequest | Uint8Array> {
  if (task.kind === 'decode') {
    const answer = decodeTask({ ...task, options: withTexts(task.options, textReaders(texts)) });
    const { in0, in1 } = answer;
    return { answer, moved: ownBuffers(in0?.ids, in0?.offsets, in1?.ids, in1?.offsets) };
  }
  const answer = encodedBy(task, names);
  return { answer, moved: ownBuffers(answer) };
}

function encodedBy(task: EncodeTask | NeighbourTask, names: CandidateNames | undefined): Uint8Array {
  if (task.kind === 'encode') return encodeTask(task);
  if (!names) throw new Error('This is a bug: neighbours are to be encoded, and the model has no candidates');
  return encodeNeighboursTask(task, names);
}
