/**
 * Decoding and encoding of TensorFlow models' bodies as plain functions of cloneable values, so that they run equally
 * on the HTTP thread (small bodies) and on a codec thread (large ones).
 */
import type { MediaType } from '#core/http/content-type.ts';
import { decodeTensors, encodeTensors } from '#core/tensors/codec.ts';
import type { TensorSignatures } from '#core/tensors/signature.ts';
import type { TensorDecodeOptions, TensorRequest, TensorResponse } from '#core/tensors/tensor-request.ts';
import { type CodecOutcome, ownBuffers } from '../codec/codec-task.ts';
import { fromPlainFailures, type PlainFailure, toPlainFailures } from '../codec/plain-error.ts';
import { allTransferables } from '../engine/tensor-rows.ts';

export interface DecodeTask {
  readonly kind: 'decode';
  readonly body: Uint8Array;
  readonly mediaType: MediaType;
  readonly signatures: TensorSignatures;
  readonly options: TensorDecodeOptions;
}

export interface EncodeTask {
  readonly kind: 'encode';
  readonly response: PlainResponse;
  readonly mediaType: string;
}

type Plain<T extends { readonly failures: unknown }> = Omit<T, 'failures'> & {
  readonly failures: readonly PlainFailure[];
};
export type PlainTensorRequest = Plain<TensorRequest>;
export type PlainResponse = Plain<TensorResponse>;

/** Throws what the codec throws. */
export function decodeTask({ body, mediaType, signatures, options }: DecodeTask): PlainTensorRequest {
  const request = decodeTensors(body, mediaType, signatures, options);
  return { ...request, failures: toPlainFailures(request.failures) };
}

export function encodeTask({ response, mediaType }: EncodeTask): Uint8Array {
  return encodeTensors({ ...response, failures: fromPlainFailures(response.failures) }, mediaType);
}

/** The codec thread's entry (codec-task.ts). */
export function runTask(task: DecodeTask | EncodeTask): CodecOutcome<PlainTensorRequest | Uint8Array> {
  if (task.kind === 'encode') {
    const answer = encodeTask(task);
    return { answer, moved: ownBuffers(answer) };
  }
  const answer = decodeTask(task);
  return { answer, moved: allTransferables(answer.inputs) };
}
