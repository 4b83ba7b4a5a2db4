/**
 * The media types of TensorFlow models in one table: what each holds, and whether requests may be sent as it and
 * answers asked for as it. The formats themselves are one file each.
 */

import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { chooseMediaType } from '#core/http/accept.ts';

export type TensorFormat =
  | 'json'
  | 'jsonlines'
  | 'csv'
  | 'npy'
  | 'tfexample'
  | 'tfrecord'
  | 'recordio'
  | 'recordio-protobuf'
  | 'image'
  | 'jpeg'
  | 'png'
  | 'bytes';

interface TensorMediaType {
  readonly format: TensorFormat;
  readonly request: boolean;
  readonly answer: boolean;
}

const requestOnly = (format: TensorFormat): TensorMediaType => ({ format, request: true, answer: false });
const both = (format: TensorFormat): TensorMediaType => ({ format, request: true, answer: true });

export const TENSOR_MEDIA_TYPES: Readonly<Record<string, TensorMediaType>> = {
  'application/json': both('json'),
  'application/jsonlines': both('jsonlines'),
  'application/x-jsonlines': both('jsonlines'),
  'application/x-ndjson': both('jsonlines'),
  'application/jsons': both('jsonlines'),
  'text/csv': both('csv'),
  'application/x-npy': both('npy'),
  'application/x-tfexample': requestOnly('tfexample'),
  'application/x-tfrecord': requestOnly('tfrecord'),
  'application/x-recordio': requestOnly('recordio'),
  'application/x-recordio-protobuf': requestOnly('recordio-protobuf'),
  'application/x-image': requestOnly('image'),
  'image/jpeg': requestOnly('jpeg'),
  'image/png': requestOnly('png'),
  'application/octet-stream': requestOnly('bytes'),
};

/** What answers may be asked for as, best known first. */
export const TENSOR_ANSWER_TYPES: readonly string[] = Object.keys(TENSOR_MEDIA_TYPES).filter(
  (name) => TENSOR_MEDIA_TYPES[name]!.answer,
);
export const TENSOR_REQUEST_TYPES: readonly string[] = Object.keys(TENSOR_MEDIA_TYPES).filter(
  (name) => TENSOR_MEDIA_TYPES[name]!.request,
);

/** @throws UnsupportedMediaType naming the types that there are */
export function requestFormatOf(mediaType: string): TensorFormat {
  const known = Object.hasOwn(TENSOR_MEDIA_TYPES, mediaType) ? TENSOR_MEDIA_TYPES[mediaType] : undefined;
  if (known?.request) return known.format;
  const problem = `Unsupported Media Type: ${quoteForMessage(mediaType)}; send one of ${TENSOR_REQUEST_TYPES.join(', ')}`;
  throw new TwinvecError('UnsupportedMediaType', problem);
}

/**
 * The media type of the answer. A caller without a wish gets JSON Lines for JSON Lines, so that lines in and lines out
 * stay in step, and JSON for everything else, as from AWS's container; `defaultType` overrides both.
 *
 * @throws NotAcceptable when Accept allows nothing that can be written
 */
export function answerMediaType(accept: string | undefined, requestType: string, defaultType?: string): string {
  const preferred = TENSOR_MEDIA_TYPES[requestType]?.format === 'jsonlines' ? requestType : 'application/json';
  return chooseMediaType(accept, TENSOR_ANSWER_TYPES, defaultType ?? preferred);
}
