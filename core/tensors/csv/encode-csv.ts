/**
 * Answers as CSV, RFC 4180: one line a record, the outputs as columns in the order of the signature, each of them one
 * value or a flat vector a record. Text is always quoted. A record that failed is one quoted field with its error.
 */
import { isUtf8 } from 'node:buffer';
import { failurePlaceholder } from '#core/batch/record-failure.ts';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { ByteWriter } from '#core/json/byte-writer.ts';
import { holdsBytes, writeRun } from '../json/write-values.ts';
import { type NamedOutput, rowOutputsOf } from '../output-rows.ts';
import { describeShape } from '../tensor.ts';
import type { TensorResponse } from '../tensor-request.ts';

const COMMA = Buffer.from(',');
const NEWLINE = Buffer.from('\n');
const FIRST_BYTES = 4096;

/** @throws NotAcceptable for nested values, complex numbers and text that no line can hold (spec faults B9) */
export function encodeCsv(response: TensorResponse): Buffer {
  const { rows, failures } = response;
  if (rows === undefined) throw notAcceptable('the outputs are whole tensors, not records');
  const outputs = rows === 0 ? [] : rowOutputsOf(response, rows);
  outputs.forEach(requireFlat);
  const writer = new ByteWriter(FIRST_BYTES);
  for (let record = 0, row = 0; record < rows + failures.length; record++) {
    const failure = failures[record - row];
    if (failure?.record === record) writeQuoted(writer, failurePlaceholder(failure));
    else writeRow(writer, outputs, row++);
    writer.append(NEWLINE);
  }
  return writer.written();
}

function requireFlat({ name, tensor }: NamedOutput): void {
  if (tensor.shape.length <= 2 && tensor.dtype !== 'complex64') return;
  const found = `${tensor.dtype} ${describeShape(tensor.shape)}`;
  throw notAcceptable(`output ${quoteForMessage(name)} is ${found}, and a line holds one flat vector a record`);
}

function writeRow(writer: ByteWriter, outputs: readonly NamedOutput[], row: number): void {
  outputs.forEach(({ name, tensor, rowSize }, index) => {
    if (index > 0 && rowSize > 0) writer.append(COMMA);
    const from = row * rowSize;
    if (tensor.dtype !== 'string') {
      writeRun(writer, tensor, from, rowSize, false);
      return;
    }
    for (let item = from; item < from + rowSize; item++) {
      if (item > from) writer.append(COMMA);
      writeQuoted(writer, textOf(name, tensor.data[item]!));
    }
  });
}

/** Bytes of an output that says so as base64; everything else must be text of one line. */
function textOf(name: string, value: Uint8Array): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (holdsBytes(name)) return bytes.toString('base64');
  if (!isUtf8(value)) throw notAcceptable(`output ${quoteForMessage(name)} holds bytes that are not UTF-8`);
  const text = bytes.toString('utf8');
  if (/[\r\n]/.test(text)) throw notAcceptable(`output ${quoteForMessage(name)} holds text with a line break`);
  return text;
}

function writeQuoted(writer: ByteWriter, text: string): void {
  writer.appendText(`"${text.replaceAll('"', '""')}"`);
}

function notAcceptable(problem: string): TwinvecError {
  return new TwinvecError('NotAcceptable', `CSV cannot hold this answer: ${problem}; ask for application/json`);
}
