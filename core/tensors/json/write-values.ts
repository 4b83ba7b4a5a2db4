/**
 * Values of a tensor as JSON text, by type: floats as the shortest decimal that reads back as the same value, with `.0`
 * where it is whole; integers of 64 bits exactly; NaN and infinities as TF Serving's bare tokens; bytes as text where
 * they are UTF-8, and as `{"b64": "..."}` where they are not or the output says that it holds bytes.
 */
import { isUtf8 } from 'node:buffer';
import type { ByteWriter } from '#core/json/byte-writer.ts';
import { FLOAT_BYTES, writeFloats } from '#core/json/float-writer.ts';
import type { Tensor } from '../tensor.ts';

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('[');
const CLOSE = Buffer.from(']');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const B64_OPEN = Buffer.from('{"b64":"');
const B64_CLOSE = Buffer.from('"}');
const QUOTE = Buffer.from('"');

/** Bytes that a JSON string holds as they are: ASCII without quote, backslash and control characters. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);
const MOST_INTEGER_BYTES = 12;

/** TF Serving's rule: an output whose name ends so holds bytes, not text. */
export function holdsBytes(outputName: string): boolean {
  return outputName.endsWith('_bytes');
}

/**
 * The part of the tensor from the flat index `from` that spans its dimensions from `level` on, as nested lists.
 * `asBytes`: strings are always written as base64.
 */
export function writeTensor(writer: ByteWriter, tensor: Tensor, from: number, level: number, asBytes: boolean): void {
  const { shape } = tensor;
  if (level >= shape.length) {
    writeRun(writer, tensor, from, 1, asBytes);
    return;
  }
  const count = shape[level]!;
  writer.append(OPEN);
  if (level === shape.length - 1) writeRun(writer, tensor, from, count, asBytes);
  else {
    const stride = shape.slice(level + 1).reduce((product, size) => product * size, 1);
    for (let item = 0; item < count; item++) {
      if (item > 0) writer.append(COMMA);
      writeTensor(writer, tensor, from + item * stride, level + 1, asBytes);
    }
  }
  writer.append(CLOSE);
}

/** `count` values, separated by commas. */
export function writeRun(writer: ByteWriter, tensor: Tensor, from: number, count: number, asBytes: boolean): void {
  switch (tensor.dtype) {
    case 'float16':
    case 'bfloat16':
    case 'float32':
      writer.reserve(count * FLOAT_BYTES);
      writer.length = writeFloats(writer.bytes, writer.length, tensor.data, from, from + count, 'token');
      return;
    case 'complex64':
      writeComplex(writer, tensor.data, from, count);
      return;
    case 'float64':
      writeEach(writer, count, (index) => writer.appendText(doubleText(tensor.data[from + index]!)));
      return;
    case 'bool':
      writeEach(writer, count, (index) => writer.append(tensor.data[from + index] === 0 ? FALSE : TRUE));
      return;
    case 'int64':
    case 'uint64':
      writeEach(writer, count, (index) => writer.appendText(tensor.data[from + index]!.toString()));
      return;
    case 'string':
      writeEach(writer, count, (index) => writeBytes(writer, tensor.data[from + index]!, asBytes));
      return;
    default:
      writeIntegers(writer, tensor.data, from, count);
  }
}

function writeEach(writer: ByteWriter, count: number, write: (index: number) => void): void {
  for (let index = 0; index < count; index++) {
    if (index > 0) writer.append(COMMA);
    write(index);
  }
}

function writeComplex(writer: ByteWriter, parts: Float32Array, from: number, count: number): void {
  writeEach(writer, count, (index) => {
    writer.append(OPEN);
    writer.reserve(2 * FLOAT_BYTES);
    const part = 2 * (from + index);
    writer.length = writeFloats(writer.bytes, writer.length, parts, part, part + 2, 'token');
    writer.append(CLOSE);
  });
}

function writeIntegers(writer: ByteWriter, values: Int32Array | Uint32Array, from: number, count: number): void {
  writer.reserve(count * MOST_INTEGER_BYTES);
  const { bytes } = writer;
  let at = writer.length;
  for (let index = from; index < from + count; index++) {
    if (index > from) bytes[at++] = 0x2c;
    at = writeInteger(bytes, at, values[index]!);
  }
  writer.length = at;
}

/** Writes a whole number of at most ten digits and returns the position after it. */
function writeInteger(target: Uint8Array, at: number, value: number): number {
  let rest = Math.abs(value);
  let next = at;
  if (value < 0) target[next++] = 0x2d;
  let digits = 1;
  for (let power = 10; power <= rest; power *= 10) digits++;
  for (let place = next + digits - 1; place >= next; place--) {
    const tenth = Math.floor(rest / 10);
    target[place] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
  return next + digits;
}

/** A double as JavaScript writes it, which is the shortest that reads back, with `.0` where it looks whole. */
export function doubleText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A JSON string, or `{"b64": "..."}` for bytes that are not UTF-8 or must not be taken for text. */
export function writeBytes(writer: ByteWriter, value: Uint8Array, asBytes: boolean): void {
  if (asBytes || !isUtf8(value)) {
    writer.append(B64_OPEN);
    writer.appendText(Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64'));
    writer.append(B64_CLOSE);
  } else if (isPlain(value)) {
    writer.append(QUOTE);
    writer.append(value);
    writer.append(QUOTE);
  } else {
    writer.appendText(JSON.stringify(Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')));
  }
}

function isPlain(value: Uint8Array): boolean {
  for (const byte of value) {
    if (PLAIN[byte] === 0) return false;
  }
  return true;
}
