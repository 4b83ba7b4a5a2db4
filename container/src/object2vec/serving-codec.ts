/**
 * Decoding and encoding of Object2Vec bodies as plain functions of cloneable values, so that they run equally on the
 * HTTP thread (small bodies) and on a codec thread (large ones).
 */
import { type ErrorCode, TwinvecError } from '#core/errors.ts';
import { parseContentType } from '#core/http/content-type.ts';
import { decodeInferenceRequest, encodePredictions } from '#core/object2vec/codec.ts';
import { type CandidateNames, encodeNeighbours, type NeighbourAnswers } from '#core/object2vec/encode-neighbours.ts';
import type {
  DecodeOptions,
  InferenceMode,
  InferenceRequest,
  RecordFailure,
} from '#core/object2vec/inference-request.ts';

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

/** Errors without their class, which structured cloning drops. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly record: number | undefined;
}

export interface PlainFailure {
  readonly record: number;
  readonly error: PlainError;
}

/** A decoded request whose failures can be cloned. */
export type PlainRequest = Omit<InferenceRequest, 'failures'> & { readonly failures: readonly PlainFailure[] };

/** Throws what the codec throws. */
export function decodeTask({ body, contentType, options }: DecodeTask): PlainRequest {
  const request = decodeInferenceRequest(body, parseContentType(contentType), options);
  const failures = request.failures.map(({ record, error }) => ({ record, error: toPlainError(error) }));
  return { ...request, failures };
}

export function encodeTask({ mode, values, width, failures, mediaType }: EncodeTask): Uint8Array {
  return encodePredictions({ mode, values, width, failures: toFailures(failures) }, mediaType);
}

export function encodeNeighboursTask(task: NeighbourTask, names: CandidateNames): Uint8Array {
  return encodeNeighbours({ ...task, failures: toFailures(task.failures) }, names, task.mediaType);
}

function toFailures(failures: readonly PlainFailure[]): RecordFailure[] {
  return failures.map(({ record, error }) => ({ record, error: fromPlainError(error) }));
}

export function toPlainError({ code, message, record }: TwinvecError): PlainError {
  return { code, message, record };
}

export function fromPlainError({ code, message, record }: PlainError): TwinvecError {
  return new TwinvecError(code, message, record === undefined ? {} : { record });
}
