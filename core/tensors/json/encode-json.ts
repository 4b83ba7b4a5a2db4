/**
 * Answers as JSON: TF Serving's `predictions` (row form), `outputs` (column form) and `results` (classify, regress),
 * and JSON Lines with one record a line. Compact, where TF Serving indents; the values are the same.
 */
import { TwinvecError } from '#core/errors.ts';
import { ByteWriter } from '#core/json/byte-writer.ts';
import { outputsOf } from '../output-rows.ts';
import type { TensorResponse } from '../tensor-request.ts';
import { writeRecords } from './write-records.ts';
import { holdsBytes, writeTensor } from './write-values.ts';

const PREDICTIONS = Buffer.from('{"predictions":[');
const RESULTS = Buffer.from('{"results":[');
const CLOSE_LIST = Buffer.from(']}');
const OUTPUTS = Buffer.from('{"outputs":');
const CLOSE = Buffer.from('}');
const COMMA = Buffer.from(',');
const NEWLINE = Buffer.from('\n');
const FIRST_BYTES = 4096;

/** @throws InvalidEnvelope when the outputs have no rows to go with the records */
export function encodeJson(response: TensorResponse): Buffer {
  const writer = new ByteWriter(FIRST_BYTES);
  if (response.form === 'column' && response.method === 'predict') writeColumns(writer, response);
  else {
    writer.append(response.method === 'predict' ? PREDICTIONS : RESULTS);
    writeRecords(writer, response, response.rows ?? 0, COMMA);
    writer.append(CLOSE_LIST);
  }
  return writer.written();
}

/** One line a record, each with its newline; no record is no byte. @throws NotAcceptable for outputs without rows */
export function encodeJsonLines(response: TensorResponse): Buffer {
  const rows = response.rows;
  if (rows === undefined) {
    throw new TwinvecError('NotAcceptable', 'The outputs are whole tensors, not records; ask for application/json');
  }
  const writer = new ByteWriter(FIRST_BYTES);
  writeRecords(writer, response, rows, NEWLINE);
  if (writer.length > 0) writer.append(NEWLINE);
  return writer.written();
}

function writeColumns(writer: ByteWriter, response: TensorResponse): void {
  const outputs = outputsOf(response);
  writer.append(OUTPUTS);
  if (outputs.length === 1) {
    const { name, tensor } = outputs[0]!;
    writeTensor(writer, tensor, 0, 0, holdsBytes(name));
  } else {
    outputs.forEach(({ name, tensor }, index) => {
      writer.appendText(`${index > 0 ? ',' : '{'}${JSON.stringify(name)}:`);
      writeTensor(writer, tensor, 0, 0, holdsBytes(name));
    });
    writer.append(CLOSE);
  }
  writer.append(CLOSE);
}
