/**
 * One record of an answer as JSON, the same for JSON and JSON Lines: a single output's value or an object of outputs
 * (predict), pairs of label and score (classify), a number (regress). Records that failed keep their place.
 */
import { failurePlaceholder } from '#core/batch/record-failure.ts';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { ByteWriter } from '#core/json/byte-writer.ts';
import { type NamedOutput, rowOutputsOf } from '../output-rows.ts';
import type { TensorResponse } from '../tensor-request.ts';
import { holdsBytes, writeTensor } from './write-values.ts';

type WriteRow = (writer: ByteWriter, row: number) => void;

const OPEN = Buffer.from('[');
const CLOSE = Buffer.from(']');
const OPEN_OBJECT = Buffer.from('{');
const CLOSE_OBJECT = Buffer.from('}');
const COMMA = Buffer.from(',');
const NO_LABEL = Buffer.from('""');
const NO_SCORE = Buffer.from('0.0');

/** All records, good and bad, in their order, with `between` between them. */
export function writeRecords(writer: ByteWriter, response: TensorResponse, rows: number, between: Uint8Array): void {
  const { failures } = response;
  const writeRow = rows === 0 ? undefined : rowWriter(response, rows);
  const records = rows + failures.length;
  for (let record = 0, row = 0; record < records; record++) {
    if (record > 0) writer.append(between);
    const failure = failures[record - row];
    if (failure?.record === record) writer.appendText(failurePlaceholder(failure));
    else writeRow!(writer, row++);
  }
}

function rowWriter(response: TensorResponse, rows: number): WriteRow {
  const outputs = rowOutputsOf(response, rows);
  if (response.method === 'classify') return classificationWriter(outputs);
  if (response.method === 'regress') return regressionWriter(outputs);
  return outputs.length === 1 ? valueWriter(outputs[0]!) : objectWriter(outputs);
}

function valueWriter({ name, tensor, rowSize }: NamedOutput): WriteRow {
  const asBytes = holdsBytes(name);
  return (writer, row) => writeTensor(writer, tensor, row * rowSize, 1, asBytes);
}

function objectWriter(outputs: readonly NamedOutput[]): WriteRow {
  const members = outputs.map((output, index) => ({
    key: Buffer.from(`${index > 0 ? ',' : ''}${JSON.stringify(output.name)}:`),
    write: valueWriter(output),
  }));
  return (writer, row) => {
    writer.append(OPEN_OBJECT);
    for (const { key, write } of members) {
      writer.append(key);
      write(writer, row);
    }
    writer.append(CLOSE_OBJECT);
  };
}

/** `[["label", score], ...]` for each record; a model may give only labels or only scores, as in TF Serving. */
function classificationWriter(outputs: readonly NamedOutput[]): WriteRow {
  const classes = outputs.find(({ name }) => name === 'classes');
  const scores = outputs.find(({ name }) => name === 'scores');
  const any = classes ?? scores;
  if (!any || (classes && scores && classes.rowSize !== scores.rowSize)) {
    throw notOfMethod('classify', 'classes and scores of the same shape', outputs);
  }
  const writeItem = (writer: ByteWriter, output: NamedOutput | undefined, index: number, missing: Uint8Array) => {
    if (output) writeTensor(writer, output.tensor, index, output.tensor.shape.length, false);
    else writer.append(missing);
  };
  return (writer, row) => {
    writer.append(OPEN);
    for (let item = 0; item < any.rowSize; item++) {
      writer.append(item > 0 ? COMMA_OPEN : OPEN);
      writeItem(writer, classes, row * any.rowSize + item, NO_LABEL);
      writer.append(COMMA);
      writeItem(writer, scores, row * any.rowSize + item, NO_SCORE);
      writer.append(CLOSE);
    }
    writer.append(CLOSE);
  };
}

const COMMA_OPEN = Buffer.from(',[');

function regressionWriter(outputs: readonly NamedOutput[]): WriteRow {
  const output = outputs.find(({ name }) => name === 'outputs') ?? outputs[0];
  if (output?.rowSize !== 1) throw notOfMethod('regress', 'outputs with one number for each record', outputs);
  const { tensor } = output;
  return (writer, row) => writeTensor(writer, tensor, row, tensor.shape.length, false);
}

function notOfMethod(method: string, wanted: string, outputs: readonly NamedOutput[]): TwinvecError {
  const found = outputs.map(({ name }) => quoteForMessage(name)).join(', ');
  return new TwinvecError(
    'InvalidEnvelope',
    `The signature gives ${found}; ${method} needs ${wanted}; call it with predict`,
  );
}
