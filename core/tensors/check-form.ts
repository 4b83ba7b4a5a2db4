/**
 * Whether a body is what its media type says, for readers that do not know the model: syntax, frames, checksums and
 * image headers, but neither names nor shapes. What passes here may still be refused by the model's signature.
 */
import { TwinvecError } from '#core/errors.ts';
import { readExample } from '#core/examples/example-reader.ts';
import { readRecord } from '#core/examples/record-reader.ts';
import { type FrameFormat, readFrames } from '#core/framing/frame-reader.ts';
import { RECORDIO } from '#core/framing/recordio.ts';
import { TFRECORD } from '#core/framing/tfrecord.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import type { MediaType } from '#core/http/content-type.ts';
import { checkImage } from '#core/images/image-header.ts';
import { ByteCursor, expectEnd } from '#core/json/byte-cursor.ts';
import { nextLine, skipByteOrderMark } from '#core/json/lines.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { CsvCursor } from '#core/text/csv-cursor.ts';
import { requestFormatOf, type TensorFormat } from './media-types.ts';
import { readNpyHeader } from './npy/npy-header.ts';

/** Returns the number of records, as far as it can be known without the model. */
type Check = (body: Uint8Array) => number;

const CHECKS: Readonly<Record<TensorFormat, Check>> = {
  json: checkJson,
  jsonlines: checkJsonLines,
  csv: checkCsv,
  npy: (body) => {
    readNpyHeader(body);
    return 1;
  },
  tfexample: (body) => {
    readExample(body, 0);
    return 1;
  },
  tfrecord: framesCheck(TFRECORD, readExample),
  recordio: framesCheck(RECORDIO, () => undefined),
  'recordio-protobuf': framesCheck(RECORDIO, readRecord),
  image: imageCheck(),
  jpeg: imageCheck('jpeg'),
  png: imageCheck('png'),
  bytes: () => 1,
};

/**
 * @returns how many records there are; 1 where only the model could tell
 * @throws EmptyBody, UnsupportedMediaType, MalformedJson, MalformedBody, DamagedRecord, InvalidImage, PayloadTooLarge
 */
export function checkForm(body: Uint8Array, mediaType: MediaType): number {
  const check = CHECKS[requestFormatOf(mediaType.type)];
  if (body.length === 0) throw new TwinvecError('EmptyBody', 'The body is empty; send at least one record');
  return check(body);
}

/** Bare NaN and Infinity pass, as TF Serving reads them. */
function checkJson(body: Uint8Array): number {
  refuseUnreadableBody(body);
  const cursor = new ByteCursor(body);
  skipByteOrderMark(cursor);
  skipValue(cursor, 0, 'non-finite');
  expectEnd(cursor);
  return 1;
}

function checkJsonLines(body: Uint8Array): number {
  refuseUnreadableBody(body);
  const cursor = new ByteCursor(body);
  skipByteOrderMark(cursor);
  let records = 0;
  while (nextLine(cursor)) {
    cursor.record = records;
    skipValue(cursor, 0, 'non-finite');
    expectEnd(cursor);
    records += 1;
  }
  return records;
}

/** Every row has as many columns as the first. */
function checkCsv(body: Uint8Array): number {
  refuseUnreadableBody(body);
  const cursor = new CsvCursor(body, { lineBreaksInQuotes: true });
  let rows = 0;
  let wanted = 0;
  while (cursor.nextRow()) {
    cursor.record = rows;
    do cursor.readField();
    while (cursor.takeComma());
    const columns = cursor.column + 1;
    wanted ||= columns;
    if (columns !== wanted) {
      const problem = `${cursor.place()}: the row has ${columns} columns, the first has ${wanted}`;
      throw new TwinvecError('InvalidTensor', problem, { record: rows });
    }
    cursor.endRow();
    rows += 1;
  }
  return rows;
}

function framesCheck(format: FrameFormat, read: (data: Uint8Array, record: number) => unknown): Check {
  return (body) => {
    let record = 0;
    for (const { data, offset, damaged } of readFrames(format, body)) {
      if (damaged) {
        const problem = `Record ${record} at byte ${offset}: its checksum is wrong, so its data is damaged`;
        throw new TwinvecError('DamagedRecord', problem, { record });
      }
      read(data, record);
      record += 1;
    }
    return record;
  };
}

function imageCheck(wanted?: 'jpeg' | 'png'): Check {
  return (body) => {
    const { format } = checkImage(body);
    if (wanted === undefined || wanted === format) return 1;
    throw new TwinvecError('UnsupportedMediaType', `The body is a ${format} image and its Content-Type says ${wanted}`);
  };
}
