/**
 * JSON Lines requests of TensorFlow models: one record a line, blank lines skipped, the last line with or without its
 * newline. A line is always one record: the value of the only input, or an object of inputs by name.
 */
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import { ByteCursor, expectEnd } from '#core/json/byte-cursor.ts';
import { nextLine, skipByteOrderMark } from '#core/json/lines.ts';
import { RowRequest } from '../row-request.ts';
import { DEFAULT_SIGNATURE, signatureNamed, type TensorSignatures } from '../signature.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import { createRecordBuilder } from './create-record-builder.ts';

/**
 * @throws EmptyBody when there is no record (a batch of nothing is an empty request instead), PayloadTooLarge,
 *   UnknownSignature; and unless bad records are tolerated, MalformedJson, InvalidTensor, UnknownField, DuplicateKey
 */
export function decodeJsonLines(
  body: Uint8Array,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
): TensorRequest {
  refuseUnreadableBody(body);
  const name = options.signatureName ?? DEFAULT_SIGNATURE;
  const builder = createRecordBuilder(signatureNamed(signatures, name), options.method);
  const request = new RowRequest(builder, options);
  const cursor = new ByteCursor(body);
  skipByteOrderMark(cursor);
  request.addAll(
    () => nextLine(cursor),
    (record) => {
      cursor.record = record;
      builder.scan(cursor);
      expectEnd(cursor);
    },
  );
  return request.finish(name);
}
