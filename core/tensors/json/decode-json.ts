/**
 * `application/json` requests of TensorFlow models: TF Serving's REST bodies, and the bare forms that AWS's container
 * takes. Which form it is follows from the outermost value alone, never from text found somewhere inside:
 *
 * - an object whose first key is `instances`, `inputs`, `examples`, `signature_name` or `context`: TF Serving's body;
 * - any other object: one instance, by input name;
 * - a list of lists or of objects: its items are the instances; any other list: one instance;
 * - another such value on a later line: JSON Lines, as batch transform joins records.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import { BYTE, ByteCursor, expectByte, expectEnd, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { skipByteOrderMark } from '#core/json/lines.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { RowRequest } from '../row-request.ts';
import { DEFAULT_SIGNATURE, signatureNamed, type TensorSignatures } from '../signature.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import { createRecordBuilder } from './create-record-builder.ts';
import { decodeJsonLines } from './decode-json-lines.ts';
import { Envelope } from './envelope.ts';
import { InstanceBuilder } from './instance-builder.ts';

/** @throws EmptyBody, MalformedJson, InvalidEnvelope, UnknownSignature, InvalidTensor, UnknownField, DuplicateKey, PayloadTooLarge */
export function decodeJson(
  body: Uint8Array,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
): TensorRequest {
  refuseUnreadableBody(body);
  const cursor = new ByteCursor(body);
  skipByteOrderMark(cursor);
  skipWhitespace(cursor);
  if (cursor.at === cursor.end) throw new TwinvecError('EmptyBody', 'JSON Parse error: The document is empty');
  if (cursor.peek() === BYTE.openBrace && Envelope.startsAt(cursor)) {
    return new Envelope(signatures, options).scan(cursor);
  }
  return decodeBare(cursor, signatures, options);
}

function decodeBare(cursor: ByteCursor, signatures: TensorSignatures, options: TensorDecodeOptions): TensorRequest {
  requireContainer(cursor);
  const name = options.signatureName ?? DEFAULT_SIGNATURE;
  const builder = createRecordBuilder(signatureNamed(signatures, name), options.method);
  if (cursor.peek() === BYTE.openBrace && builder instanceof InstanceBuilder) requireInputName(cursor, builder);
  const request = new RowRequest(builder, options);
  const scan = (record: number) => {
    cursor.record = record;
    builder.scan(cursor);
  };
  if (isListOfInstances(cursor)) scanList(cursor, () => request.add(scan));
  else request.add(scan);
  cursor.record = -1;
  const end = cursor.at;
  skipWhitespace(cursor);
  if (cursor.at === cursor.end) return request.finish(name);
  if (!cursor.bytes.subarray(end, cursor.at).includes(BYTE.newline)) expectEnd(cursor);
  return decodeJsonLines(cursor.bytes, signatures, options);
}

function requireContainer(cursor: ByteCursor): void {
  const from = cursor.at;
  const isEmptyList = takeByte(cursor, BYTE.openBracket) && takeByte(cursor, BYTE.closeBracket);
  cursor.at = from;
  if (!isEmptyList && (cursor.peek() === BYTE.openBrace || cursor.peek() === BYTE.openBracket)) return;
  skipValue(cursor, 0, 'non-finite');
  const found = cursor.quote(from, cursor.at);
  throw new TwinvecError('InvalidEnvelope', `JSON Value: ${found} Is not object; send {"instances": [...]}`);
}

/** A body that is neither TF Serving's nor an instance is told about the form that most mean to send. */
function requireInputName(cursor: ByteCursor, { inputNames }: InstanceBuilder): void {
  const from = cursor.at++;
  skipWhitespace(cursor);
  if (cursor.peek() === BYTE.quote) {
    const key = readString(cursor);
    if (!inputNames.includes(key)) {
      const inputs = inputNames.map(quoteForMessage).join(', ');
      const problem = `Missing 'inputs' or 'instances' key; ${quoteForMessage(key)} is neither, nor one of the inputs`;
      throw new TwinvecError('InvalidEnvelope', `${problem} ${inputs}; send {"instances": [...]}`);
    }
  } else if (cursor.peek() === BYTE.closeBrace) {
    throw new TwinvecError('InvalidEnvelope', `Missing 'inputs' or 'instances' key; send {"instances": [...]}`);
  }
  cursor.at = from;
}

/** The cursor stays. */
function isListOfInstances(cursor: ByteCursor): boolean {
  const from = cursor.at;
  const isList = takeByte(cursor, BYTE.openBracket);
  skipWhitespace(cursor);
  const first = cursor.peek();
  cursor.at = from;
  return isList && (first === BYTE.openBracket || first === BYTE.openBrace);
}

/** `[...]` with at least one record. */
function scanList(cursor: ByteCursor, scanItem: () => void): void {
  expectByte(cursor, BYTE.openBracket, '[');
  do {
    scanItem();
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
  cursor.record = -1;
}
