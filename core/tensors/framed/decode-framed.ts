/**
 * Binary requests: one record as it is, or a sequence of frames. Which of the two follows from the batch strategy and
 * the media type, never from the bytes (spec faults F8, G5). What a record holds follows from the media type too:
 *
 * - a tf.Example fills the inputs by the names of its features; a model whose only input is a string that is no feature
 *   parses Examples itself and gets them as they are;
 * - SageMaker's protobuf Record does likewise, with `values` for an only input;
 * - anything else is the value of an only string input; what is called an image has to be one.
 */
import { TwinvecError } from '#core/errors.ts';
import { type FramedRecord, type FrameFormat, readFrames } from '#core/framing/frame-reader.ts';
import { RECORDIO } from '#core/framing/recordio.ts';
import { TFRECORD } from '#core/framing/tfrecord.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import { RowRequest } from '../row-request.ts';
import { DEFAULT_SIGNATURE, signatureNamed, type TensorSignatures } from '../signature.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import { type BinaryContent, type ContentStore, createContentStore } from './content-store.ts';

export interface BinaryFormat {
  readonly content: BinaryContent;
  /** How a sequence of records is framed; undefined where a body is always one record. */
  readonly frames: FrameFormat | undefined;
  /** What a body is when no batch strategy says it. */
  readonly usually: 'single' | 'framed';
}

export const BINARY_FORMATS = {
  tfexample: { content: 'example', frames: TFRECORD, usually: 'single' },
  tfrecord: { content: 'example', frames: TFRECORD, usually: 'framed' },
  recordio: { content: 'bytes', frames: RECORDIO, usually: 'framed' },
  'recordio-protobuf': { content: 'record', frames: RECORDIO, usually: 'framed' },
  image: { content: 'image', frames: undefined, usually: 'single' },
  jpeg: { content: 'jpeg', frames: undefined, usually: 'single' },
  png: { content: 'png', frames: undefined, usually: 'single' },
  bytes: { content: 'bytes', frames: undefined, usually: 'single' },
} as const satisfies Record<string, BinaryFormat>;

/**
 * @throws EmptyBody, MalformedBody where frames cannot be told apart any more, PayloadTooLarge; DamagedRecord,
 *   InvalidTensor, InvalidImage and UnsupportedMediaType, which batch mode keeps as failures in their places
 */
export function decodeBinary(
  format: BinaryFormat,
  body: Uint8Array,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
): TensorRequest {
  if (format.content === 'example' || format.content === 'record') refuseUnreadableBody(body);
  const signatureName = options.signatureName ?? DEFAULT_SIGNATURE;
  const store = createContentStore(format.content, signatureNamed(signatures, signatureName), options.method);
  const request = new RowRequest(store, options);
  const framed = (options.binaryRecords ?? format.usually) === 'framed' ? format.frames : undefined;
  const records = framed ? readFrames(framed, body) : single(body);
  let current: FramedRecord | undefined;
  request.addAll(
    () => {
      current = records.next().value ?? undefined;
      return current !== undefined;
    },
    (record) => addRecord(store, current!, record),
  );
  return request.finish(signatureName);
}

function* single(body: Uint8Array): Generator<FramedRecord> {
  if (body.length > 0) yield { data: body, frame: body, offset: 0, damaged: false };
}

function addRecord(store: ContentStore, { data, offset, damaged }: FramedRecord, record: number): void {
  if (!damaged) {
    store.add(data, record);
    return;
  }
  const problem = `Record ${record} at byte ${offset}: its checksum is wrong, so its data is damaged`;
  throw new TwinvecError('DamagedRecord', problem, { record });
}
