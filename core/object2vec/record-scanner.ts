/**
 * One Object2Vec record, `{"in0":[...],"in1":[...]}`, read from the cursor into columns: the one reader of records for
 * requests in both formats, for batch files and for training lines.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { BYTE, type ByteCursor, expectByte, malformed, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { isDigit, scanNumber } from '#core/json/number-scanner.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { scanTokenArray } from './token-array-scanner.ts';
import type { TokenColumn } from './token-column.ts';

/** What a record can hold, as bits, so that the fields of a record are one small number. */
export const FIELD = { in0: 1, in1: 2, label: 4 } as const;
export const PAIR = FIELD.in0 | FIELD.in1;

/** Arrays and objects around a label: envelope, instances, record. */
const LABEL_DEPTH = 3;

/** Where {@link scanRecord} puts what it reads. */
export class RecordSink {
  readonly in0: TokenColumn;
  readonly in1: TokenColumn;
  /** Training needs labels; inference steps over them, since batch files are often the training files. */
  readonly readsLabels: boolean;
  /** The label of the last record; NaN when it had none or labels are not read. */
  label = Number.NaN;

  constructor(in0: TokenColumn, in1: TokenColumn, labels: 'read' | 'skip') {
    this.in0 = in0;
    this.in1 = in1;
    this.readsLabels = labels === 'read';
  }
}

/**
 * Scans the record at the cursor. Each input that it has becomes the next row of its column.
 *
 * @returns the fields that the record has, as {@link FIELD} bits; at least one input
 * @throws InvalidRecord, UnknownField, DuplicateKey, InvalidLabel, MalformedJson and what `scanTokenArray` throws. The
 *   columns then hold whatever was read before: truncate them.
 */
export function scanRecord(cursor: ByteCursor, sink: RecordSink): number {
  openRecord(cursor, sink);
  sink.label = Number.NaN;
  let fields = 0;
  if (!takeByte(cursor, BYTE.closeBrace)) {
    do {
      fields |= scanMember(cursor, sink, fields);
    } while (takeByte(cursor, BYTE.comma));
    expectByte(cursor, BYTE.closeBrace, 'a comma or }');
  }
  if ((fields & PAIR) === 0) throw invalidRecord(cursor, sink, 'has neither in0 nor in1');
  return fields;
}

function openRecord(cursor: ByteCursor, sink: RecordSink): void {
  skipWhitespace(cursor);
  if (cursor.peek() === BYTE.openBrace) {
    cursor.at++;
    return;
  }
  skipValue(cursor, LABEL_DEPTH - 1);
  throw invalidRecord(cursor, sink, 'is not a JSON object');
}

/** Scans one `"key": value` and returns the key's bit. `seen` are the bits so far. */
function scanMember(cursor: ByteCursor, sink: RecordSink, seen: number): number {
  skipWhitespace(cursor);
  const field = takePlainInputName(cursor) || fieldNamed(cursor, sink);
  if ((seen & field) !== 0) throw duplicateField(cursor, field);
  expectByte(cursor, BYTE.colon, 'a colon');
  if (field === FIELD.label) scanLabel(cursor, sink);
  else scanTokenArray(cursor, field === FIELD.in0 ? sink.in0 : sink.in1);
  return field;
}

/** Steps over `"in0"` or `"in1"` when they are spelled plainly, as nearly all are; 0 otherwise. */
function takePlainInputName(cursor: ByteCursor): number {
  const { bytes, at } = cursor;
  const plain =
    at + 5 <= cursor.end &&
    bytes[at] === BYTE.quote &&
    bytes[at + 1] === 0x69 &&
    bytes[at + 2] === 0x6e &&
    bytes[at + 4] === BYTE.quote;
  const digit = plain ? bytes[at + 3]! - BYTE.zero : -1;
  if (digit !== 0 && digit !== 1) return 0;
  cursor.at += 5;
  return digit === 0 ? FIELD.in0 : FIELD.in1;
}

/** Any spelling, escapes included: `"in\u0030"` is in0 too. */
function fieldNamed(cursor: ByteCursor, sink: RecordSink): number {
  if (cursor.peek() !== BYTE.quote) throw malformed(cursor, 'a field name in double quotes');
  const name = readString(cursor);
  if (name === 'in0') return FIELD.in0;
  if (name === 'in1') return FIELD.in1;
  if (name === 'label') return FIELD.label;
  throw unknownField(cursor, sink, name);
}

function scanLabel(cursor: ByteCursor, sink: RecordSink): void {
  if (!sink.readsLabels) {
    skipValue(cursor, LABEL_DEPTH);
    return;
  }
  skipWhitespace(cursor);
  const from = cursor.at;
  const byte = cursor.peek();
  if (byte === BYTE.minus || isDigit(byte)) {
    sink.label = scanNumber(cursor);
    return;
  }
  skipValue(cursor, LABEL_DEPTH);
  throw new TwinvecError(
    'InvalidLabel',
    `${cursor.place()}: label ${cursor.quote(from, cursor.at)} is not a number`,
    cursor.errorPlace(),
  );
}

export function invalidRecord(cursor: ByteCursor, { readsLabels }: RecordSink, problem: string): TwinvecError {
  const form = readsLabels
    ? 'a training record is {"label":0,"in0":[...],"in1":[...]}'
    : 'a record is {"in0":[...],"in1":[...]}, or one of the two for an embedding';
  return new TwinvecError('InvalidRecord', `${cursor.place()} ${problem}; ${form}`, cursor.errorPlace());
}

function duplicateField(cursor: ByteCursor, field: number): TwinvecError {
  const name = field === FIELD.in0 ? 'in0' : field === FIELD.in1 ? 'in1' : 'label';
  return new TwinvecError('DuplicateKey', `${cursor.place()} has the field ${name} twice`, cursor.errorPlace());
}

function unknownField(cursor: ByteCursor, { readsLabels }: RecordSink, name: string): TwinvecError {
  const hint = name === 'instances' ? '; the wrapper {"instances":[...]} belongs to application/json' : '';
  const fields = readsLabels ? 'label, in0 and in1' : 'in0 and in1';
  return new TwinvecError(
    'UnknownField',
    `${cursor.place()} has the unknown field ${quoteForMessage(name)}; a record takes ${fields}${hint}`,
    cursor.errorPlace(),
  );
}
