/**
 * The media types of requests to TensorFlow models and of their answers: a codec of core for each.
 */
import { TwinvecError } from '#core/errors.ts';
import { decodeJson } from '#core/tensors/json/decode-json.ts';
import { decodeJsonLines } from '#core/tensors/json/decode-json-lines.ts';
import { encodeJson, encodeJsonLines } from '#core/tensors/json/encode-json.ts';
import type { TensorSignatures } from '#core/tensors/signature.ts';
import type { TensorDecodeOptions, TensorRequest, TensorResponse } from '#core/tensors/tensor-request.ts';

export type DecodeTensors = (
  body: Uint8Array,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
) => TensorRequest;
export type EncodeTensors = (response: TensorResponse) => Uint8Array;

const JSON_TYPE = 'application/json';
const JSON_LINES_TYPE = 'application/jsonlines';

const DECODERS: ReadonlyMap<string, DecodeTensors> = new Map([
  [JSON_TYPE, decodeJson],
  [JSON_LINES_TYPE, decodeJsonLines],
  ['application/jsons', decodeJsonLines],
  ['application/x-jsonlines', decodeJsonLines],
  ['application/x-ndjson', decodeJsonLines],
]);

const ENCODERS: ReadonlyMap<string, EncodeTensors> = new Map<string, EncodeTensors>([
  [JSON_TYPE, encodeJson],
  [JSON_LINES_TYPE, encodeJsonLines],
  ['application/x-jsonlines', encodeJsonLines],
  ['application/x-ndjson', encodeJsonLines],
]);

export const ANSWER_TYPES: readonly string[] = [...ENCODERS.keys()];

/** @throws TwinvecError UnsupportedMediaType listing what there is. */
export function decoderOf(mediaType: string): DecodeTensors {
  const decoder = DECODERS.get(mediaType);
  if (decoder) return decoder;
  const known = [...DECODERS.keys()].join(', ');
  throw new TwinvecError('UnsupportedMediaType', `Unsupported Media Type: ${mediaType}; the model takes ${known}`);
}

/** The type of an answer to a request of this type, when the caller has no wish. */
export function answerTypeOf(requestType: string): string {
  return ENCODERS.has(requestType) ? requestType : JSON_TYPE;
}

export function encoderOf(answerType: string): EncodeTensors {
  return ENCODERS.get(answerType)!;
}
