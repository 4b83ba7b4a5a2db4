/**
 * `application/json` requests: `{"instances":[{...},{...}]}` and nothing else. One bad record refuses the request.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import {
  BYTE,
  ByteCursor,
  expectByte,
  expectEnd,
  malformed,
  skipWhitespace,
  takeByte,
  takeBytes,
} from '#core/json/byte-cursor.ts';
import { skipByteOrderMark } from '#core/json/lines.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import type { DecodeOptions, InferenceRequest } from './inference-request.ts';
import { RequestBuilder } from './request-builder.ts';

const INSTANCES = Buffer.from('"instances"');
const RIGHT_SHAPE = 'send {"instances":[{"in0":[1,2],"in1":[3]}]}, or one record a line as application/jsonlines';

/** @throws EmptyBody, MalformedJson, InvalidEnvelope, UnknownField, DuplicateKey and what {@link RequestBuilder} throws */
export function decodeJson(body: Uint8Array, options: DecodeOptions): InferenceRequest {
  refuseUnreadableBody(body);
  const cursor = new ByteCursor(body);
  skipByteOrderMark(cursor);
  skipWhitespace(cursor);
  if (cursor.at === cursor.end) throw new TwinvecError('EmptyBody', `The body is empty; ${RIGHT_SHAPE}`);
  if (cursor.peek() !== BYTE.openBrace) throw wrongValue(cursor, 'The body', 0);
  cursor.at++;
  const request = new RequestBuilder(options);
  scanEnvelope(cursor, request);
  cursor.record = -1;
  expectEnd(cursor);
  return request.finish();
}

function scanEnvelope(cursor: ByteCursor, request: RequestBuilder): void {
  if (takeByte(cursor, BYTE.closeBrace)) throw invalidEnvelope('The body has no "instances"');
  do {
    skipWhitespace(cursor);
    if (!takeBytes(cursor, INSTANCES)) expectInstances(cursor);
    if (request.records > 0) throw new TwinvecError('DuplicateKey', 'The body has "instances" twice');
    expectByte(cursor, BYTE.colon, 'a colon');
    scanInstances(cursor, request);
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBrace, 'a comma or }');
}

/** The name spelled with escapes, or another name. */
function expectInstances(cursor: ByteCursor): void {
  if (cursor.peek() !== BYTE.quote) throw malformed(cursor, 'a field name in double quotes');
  const name = readString(cursor);
  if (name !== 'instances') throw unknownField(name);
}

function scanInstances(cursor: ByteCursor, request: RequestBuilder): void {
  skipWhitespace(cursor);
  if (cursor.peek() !== BYTE.openBracket) throw wrongValue(cursor, '"instances"', 1);
  cursor.at++;
  if (takeByte(cursor, BYTE.closeBracket)) throw invalidEnvelope('"instances" is empty');
  do {
    request.addRecord(cursor);
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
  cursor.record = -1;
}

/** The value at the cursor is stepped over first, so that what is not JSON at all is reported as such. */
function wrongValue(cursor: ByteCursor, what: string, depth: number): TwinvecError {
  const from = cursor.at;
  skipValue(cursor, depth);
  return invalidEnvelope(`${what} is ${cursor.quote(from, cursor.at)}`);
}

function invalidEnvelope(problem: string): TwinvecError {
  return new TwinvecError('InvalidEnvelope', `${problem}; ${RIGHT_SHAPE}`);
}

function unknownField(name: string): TwinvecError {
  return new TwinvecError(
    'UnknownField',
    `The body has ${quoteForMessage(name)} where only "instances" is known; ${RIGHT_SHAPE}`,
  );
}
