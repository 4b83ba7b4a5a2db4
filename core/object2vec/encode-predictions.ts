/**
 * Predictions as response bytes, in AWS's two layouts: `{"predictions":[{"scores":[...]},...]}` and one
 * `{"scores":[...]}` a line; embeddings have `embeddings` in its place. A record that failed in a batch keeps its place
 * with `{"error":{"code","message"},"record":i}`, so that lines in and lines out stay in step.
 */
import { failurePlaceholder, type RecordFailure } from '#core/batch/record-failure.ts';
import { TwinvecError } from '#core/errors.ts';
import { ByteWriter } from '#core/json/byte-writer.ts';
import { FLOAT_BYTES, writeFloats } from '#core/json/float-writer.ts';
import type { InferenceMode } from './inference-request.ts';
import { type WireFormat, wireFormatOf } from './wire-formats.ts';

export interface Predictions {
  readonly mode: InferenceMode;
  /** [good rows x width], row after row. */
  readonly values: Float32Array;
  /** Length of one row: classes, 1 for regression, or the embedding's length. */
  readonly width: number;
  /** Failed records, ascending; every other place in the response is a row of `values`. */
  readonly failures: readonly RecordFailure[];
}

interface Layout {
  readonly open: Buffer;
  readonly between: Buffer;
  readonly close: Buffer;
}

/** Usual bytes of one float with its comma: a first guess of the response's size. */
const USUAL_FLOAT_BYTES = 13;

const LAYOUTS: Record<WireFormat, Layout> = {
  json: { open: Buffer.from('{"predictions":['), between: Buffer.from(','), close: Buffer.from(']}') },
  jsonlines: { open: Buffer.from(''), between: Buffer.from('\n'), close: Buffer.from('\n') },
};
const ROW_OPEN = { scores: Buffer.from('{"scores":['), embeddings: Buffer.from('{"embeddings":[') };
const ROW_CLOSE = Buffer.from(']}');

/**
 * The response for rows and failures, merged by record index. `mediaType` is one of MEDIA_TYPES. No record at all gives
 * an empty body as JSON Lines.
 *
 * @throws NonFiniteOutput naming the record, UnsupportedMediaType
 */
export function encodePredictions(predictions: Predictions, mediaType: string): Buffer {
  const { values, width, failures, mode } = predictions;
  const rowOpen = mode === 'scores' ? ROW_OPEN.scores : ROW_OPEN.embeddings;
  const rows = rowsOf(predictions);
  const bytes = values.length * USUAL_FLOAT_BYTES + rows * 24;
  return encodeRecords({ rows, failures, bytes }, mediaType, (writer, row, record) => {
    writer.append(rowOpen);
    writeRow(writer, values, row * width, width, record);
    writer.append(ROW_CLOSE);
  });
}

export interface AnsweredRecords {
  /** Good rows. */
  readonly rows: number;
  /** Failed records, ascending; every other place in the response is a row. */
  readonly failures: readonly RecordFailure[];
  /** About how many bytes the rows take. */
  readonly bytes: number;
}

/** Rows, each written by `writeRow`, and failures, merged by record index in the layout of the media type. */
export function encodeRecords(
  { rows, failures, bytes }: AnsweredRecords,
  mediaType: string,
  writeRow: (writer: ByteWriter, row: number, record: number) => void,
): Buffer {
  const format = wireFormatOf(mediaType);
  const { open, between, close } = LAYOUTS[format];
  const records = rows + failures.length;
  if (records === 0 && format === 'jsonlines') return Buffer.alloc(0);
  const writer = new ByteWriter(64 + bytes + failures.length * 24);
  writer.append(open);
  for (let record = 0, row = 0; record < records; record++) {
    if (record > 0) writer.append(between);
    const failure = failures[record - row];
    if (failure?.record === record) {
      writer.appendText(failurePlaceholder(failure));
      continue;
    }
    writeRow(writer, row, record);
    row++;
  }
  writer.append(close);
  return writer.written();
}

function rowsOf({ values, width }: Predictions): number {
  const rows = values.length === 0 ? 0 : values.length / width;
  if (Number.isInteger(rows)) return rows;
  throw new TwinvecError('Internal', `This is a bug: ${values.length} values are no whole rows of width ${width}`);
}

function writeRow(writer: ByteWriter, values: Float32Array, from: number, width: number, record: number): void {
  writer.reserve(width * FLOAT_BYTES);
  const end = writeFloats(writer.bytes, writer.length, values, from, from + width);
  if (end < 0) {
    const position = -1 - end - from;
    throw new TwinvecError(
      'NonFiniteOutput',
      `Record ${record}: the model produced ${values[from + position]} at position ${position} of its output`,
      { record },
    );
  }
  writer.length = end;
}
