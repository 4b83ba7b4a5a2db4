/**
 * The wire formats of TensorFlow models in one place: bytes to named tensors and back, in whichever format the media
 * type names.
 */
import { TwinvecError } from '#core/errors.ts';
import type { MediaType } from '#core/http/content-type.ts';
import { decodeCsv } from './csv/decode-csv.ts';
import { encodeCsv } from './csv/encode-csv.ts';
import { BINARY_FORMATS, type BinaryFormat, decodeBinary } from './framed/decode-framed.ts';
import { decodeJson } from './json/decode-json.ts';
import { decodeJsonLines } from './json/decode-json-lines.ts';
import { encodeJson, encodeJsonLines } from './json/encode-json.ts';
import { requestFormatOf, TENSOR_MEDIA_TYPES, type TensorFormat } from './media-types.ts';
import { decodeNpy } from './npy/decode-npy.ts';
import { encodeNpy } from './npy/encode-npy.ts';
import type { TensorSignatures } from './signature.ts';
import type { TensorDecodeOptions, TensorRequest, TensorResponse } from './tensor-request.ts';

type Decode = (
  body: Uint8Array,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
  mediaType: MediaType,
) => TensorRequest;
type Encode = (response: TensorResponse) => Buffer;

const DECODERS: Readonly<Record<TensorFormat, Decode>> = {
  json: decodeJson,
  jsonlines: decodeJsonLines,
  csv: decodeCsv,
  npy: decodeNpy,
  tfexample: binaryDecoder(BINARY_FORMATS.tfexample),
  tfrecord: binaryDecoder(BINARY_FORMATS.tfrecord),
  recordio: binaryDecoder(BINARY_FORMATS.recordio),
  'recordio-protobuf': binaryDecoder(BINARY_FORMATS['recordio-protobuf']),
  image: binaryDecoder(BINARY_FORMATS.image),
  jpeg: binaryDecoder(BINARY_FORMATS.jpeg),
  png: binaryDecoder(BINARY_FORMATS.png),
  bytes: binaryDecoder(BINARY_FORMATS.bytes),
};

function binaryDecoder(format: BinaryFormat): Decode {
  return (body, signatures, options) => decodeBinary(format, body, signatures, options);
}

const ENCODERS: Readonly<Partial<Record<TensorFormat, Encode>>> = {
  json: encodeJson,
  jsonlines: encodeJsonLines,
  csv: encodeCsv,
  npy: encodeNpy,
};

/**
 * The tensors of a request body, checked against the signature that it is for.
 *
 * @throws UnsupportedMediaType, and what the format's decoder throws: always a TwinvecError of the caller's making
 */
export function decodeTensors(
  body: Uint8Array,
  mediaType: MediaType,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
): TensorRequest {
  return DECODERS[requestFormatOf(mediaType.type)](body, signatures, options, mediaType);
}

/**
 * The answer's bytes; `mediaType` is what `answerMediaType` chose.
 *
 * @throws NotAcceptable when these outputs cannot be written so, InvalidEnvelope when they have no rows
 */
export function encodeTensors(response: TensorResponse, mediaType: string): Buffer {
  const encode = ENCODERS[TENSOR_MEDIA_TYPES[mediaType]?.format ?? 'json'];
  if (encode) return encode(response);
  throw new TwinvecError('NotAcceptable', `Answers cannot be written as ${mediaType}`);
}
