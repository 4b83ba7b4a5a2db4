/**
 * `application/jsonlines` requests: one record a line, blank lines skipped, the last line with or without its newline.
 *
 * Two ways to read a line. A request of its own may hold several records on one line, with or without whitespace
 * between them: AWS's documentation shows its samples that way, and an object's end is unambiguous. A batch
 * (`tolerateBadRecords`) must keep lines and records in step, so there a line is one record, good or bad.
 */
import { withoutStacks } from '#core/batch/record-failure.ts';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import { ByteCursor, skipWhitespace } from '#core/json/byte-cursor.ts';
import { nextLine, skipByteOrderMark } from '#core/json/lines.ts';
import type { DecodeOptions, InferenceRequest } from './inference-request.ts';
import { RequestBuilder } from './request-builder.ts';

/**
 * @throws EmptyBody when there is no record at all (a batch of nothing is an empty request instead), PayloadTooLarge;
 *   and unless bad records are tolerated, MalformedJson and what {@link RequestBuilder} throws
 */
export function decodeJsonLines(body: Uint8Array, options: DecodeOptions): InferenceRequest {
  refuseUnreadableBody(body);
  const cursor = new ByteCursor(body);
  const request = new RequestBuilder(options);
  skipByteOrderMark(cursor);
  if (options.tolerateBadRecords) withoutStacks(() => scanBatch(cursor, request));
  else scanRequest(cursor, request);
  return request.finish();
}

function scanRequest(cursor: ByteCursor, request: RequestBuilder): void {
  while (nextLine(cursor)) {
    while (cursor.at < cursor.end) {
      request.addRecord(cursor);
      skipWhitespace(cursor);
    }
  }
  if (request.records > 0) return;
  throw new TwinvecError('EmptyBody', 'The body has no records; send one JSON object a line');
}

function scanBatch(cursor: ByteCursor, request: RequestBuilder): void {
  while (nextLine(cursor)) scanBatchLine(cursor, request);
}

function scanBatchLine(cursor: ByteCursor, request: RequestBuilder): void {
  try {
    request.addRecord(cursor, true);
  } catch (thrown) {
    const error = toTwinvecError(thrown);
    if (error.code === 'PayloadTooLarge' || error.code === 'Internal') throw error;
    request.addFailure(cursor, error);
  }
}
