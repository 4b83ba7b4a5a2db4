/**
 * `application/x-npy` requests: one array is the value of a model's only input, its first dimension the records.
 * Numbers are converted to the input's type where they fit it, since NumPy makes doubles and int64 when nobody says
 * otherwise: integers to any number, floats to any float; nothing else.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import { isFloat } from '../number-fit.ts';
import { DEFAULT_SIGNATURE, signatureNamed, type TensorSignature, type TensorSignatures } from '../signature.ts';
import { type DType, describeShape, shapeFits, type Tensor, type TensorSpec } from '../tensor.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import { createColumn, type NumberColumn, StringColumn, type WideColumn } from '../value-column.ts';
import { float16FromBits } from './float16.ts';
import { malformed, type NpyHeader, readNpyHeader } from './npy-header.ts';

type ReadNumber = (at: number) => number | bigint;

/** @throws EmptyBody, MalformedBody, UnsupportedMediaType, InvalidTensor, PayloadTooLarge */
export function decodeNpy(body: Uint8Array, signatures: TensorSignatures, options: TensorDecodeOptions): TensorRequest {
  refuseUnreadableBody(body);
  if (body.length === 0) throw new TwinvecError('EmptyBody', 'The body is empty; send one npy array');
  if (options.method !== 'predict') throw unsupportedMethod(options.method);
  const signatureName = options.signatureName ?? DEFAULT_SIGNATURE;
  const [name, spec] = onlyInput(signatureNamed(signatures, signatureName));
  const header = readNpyHeader(body);
  checkHeader(name, spec, header, body.length, options.maxRecords);
  const tensor = { dtype: spec.dtype, shape: header.shape, data: readValues(name, spec, header, body) } as Tensor;
  const rows = header.shape[0];
  return { signatureName, inputs: { [name]: tensor }, form: rows === undefined ? 'column' : 'row', rows, failures: [] };
}

function onlyInput({ inputs }: TensorSignature): readonly [string, TensorSpec] {
  const [first, ...others] = Object.entries(inputs);
  if (first && others.length === 0) return first;
  throw new TwinvecError('InvalidTensor', 'An npy body is one array, and the model has several inputs; send JSON');
}

function checkHeader(name: string, spec: TensorSpec, header: NpyHeader, bodyBytes: number, maxRecords: number): void {
  const { shape, count, itemBytes, dataAt } = header;
  if (!shapeFits(shape, spec.shape)) {
    throw invalid(name, `Expecting shape ${describeShape(spec.shape)} but got: ${describeShape(shape)}`);
  }
  const due = count * itemBytes;
  if (bodyBytes - dataAt !== due) throw malformed(`${due} bytes of values are due and ${bodyBytes - dataAt} are there`);
  const rows = shape[0] ?? 1;
  if (rows === 0) throw new TwinvecError('EmptyBody', 'The array has no records; send at least one');
  if (rows > maxRecords) throw new TwinvecError('PayloadTooLarge', `The array has ${rows} records, over ${maxRecords}`);
}

function readValues(name: string, spec: TensorSpec, header: NpyHeader, body: Uint8Array): Tensor['data'] {
  const { dtype } = spec;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (dtype === 'string') return readStrings(name, new StringColumn(spec.mayBeImages), header, body, view);
  requireConvertible(name, dtype, header);
  const column = createColumn(spec) as NumberColumn | WideColumn;
  column.reserve(header.kind === 'c' ? 2 * header.count : header.count);
  const read = numberReader(header, view);
  const rowSize = header.count / (header.shape[0] ?? 1);
  forEachValue(header, (at, index) => {
    if (!column.append(read(at))) {
      const problem = `${read(at)} is out of the range of ${dtype}`;
      throw invalid(name, `record ${Math.floor(index / rowSize)}: ${problem}`, Math.floor(index / rowSize));
    }
    if (header.kind === 'c') column.append(view.getFloat32(at + 4, header.littleEndian));
  });
  return column.toData();
}

/** Calls `visit` with the place of each value, in row order. */
function forEachValue(
  { shape, count, itemBytes, fortranOrder, dataAt }: NpyHeader,
  visit: (at: number, index: number) => void,
): void {
  if (!fortranOrder || shape.length < 2) {
    for (let index = 0; index < count; index++) visit(dataAt + index * itemBytes, index);
    return;
  }
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, itemBytes));
  const position = shape.map(() => 0);
  let at = dataAt;
  for (let index = 0; index < count; index++) {
    visit(at, index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]!++;
      at += strides[axis]!;
      if (position[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
}

function numberReader({ kind, itemBytes, littleEndian }: NpyHeader, view: DataView): ReadNumber {
  const readers: Readonly<Record<string, ReadNumber>> = {
    f2: (at) => float16FromBits(view.getUint16(at, littleEndian)),
    f4: (at) => view.getFloat32(at, littleEndian),
    f8: (at) => view.getFloat64(at, littleEndian),
    c8: (at) => view.getFloat32(at, littleEndian),
    i1: (at) => view.getInt8(at),
    i2: (at) => view.getInt16(at, littleEndian),
    i4: (at) => view.getInt32(at, littleEndian),
    i8: (at) => view.getBigInt64(at, littleEndian),
    u1: (at) => view.getUint8(at),
    u2: (at) => view.getUint16(at, littleEndian),
    u4: (at) => view.getUint32(at, littleEndian),
    u8: (at) => view.getBigUint64(at, littleEndian),
    b1: (at) => view.getUint8(at),
  };
  return readers[`${kind}${itemBytes}`]!;
}

function requireConvertible(name: string, dtype: DType, { kind }: NpyHeader): void {
  const isWhole = kind === 'i' || kind === 'u';
  const fits =
    dtype === 'bool'
      ? kind === 'b'
      : dtype === 'complex64'
        ? kind === 'c'
        : isWhole || (kind === 'f' && isFloat(dtype));
  if (!fits) throw invalid(name, `values of kind ${quoteForMessage(kind)} are not of expected type: ${dtype}`);
}

/** `S` holds bytes, `U` characters of four bytes; both are filled up with zeros. */
function readStrings(
  name: string,
  column: StringColumn,
  header: NpyHeader,
  body: Uint8Array,
  view: DataView,
): readonly Uint8Array[] {
  const { kind, itemBytes, littleEndian } = header;
  if (kind !== 'S' && kind !== 'U') throw invalid(name, `values of kind "${kind}" are not of expected type: string`);
  forEachValue(header, (at) => {
    if (kind === 'U') {
      column.append(Buffer.from(readCharacters(view, at, itemBytes, littleEndian)));
      return;
    }
    let end = at + itemBytes;
    while (end > at && body[end - 1] === 0) end--;
    column.append(body.subarray(at, end));
  });
  return column.toData();
}

function readCharacters(view: DataView, at: number, bytes: number, littleEndian: boolean): string {
  let text = '';
  for (let next = at; next < at + bytes; next += 4) {
    const code = view.getUint32(next, littleEndian);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw malformed('a string holds what is no character');
    text += String.fromCodePoint(code);
  }
  return text.replace(/\0+$/, '');
}

function invalid(name: string, problem: string, record?: number): TwinvecError {
  const place = record === undefined ? {} : { record };
  return new TwinvecError('InvalidTensor', `input ${quoteForMessage(name)}: ${problem}`, place);
}

function unsupportedMethod(method: string): TwinvecError {
  return new TwinvecError('UnsupportedMediaType', `npy is for predict; send JSON to ${method}`);
}
