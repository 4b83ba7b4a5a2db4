/**
 * The header of NumPy's npy files, versions 1.0 to 3.0 (numpy/lib/format.py): a Python dictionary as text, read by its
 * fixed form and never evaluated. Objects, which are pickles and so programs, are refused.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';

export interface NpyHeader {
  readonly kind: 'f' | 'i' | 'u' | 'b' | 'c' | 'S' | 'U';
  /** Bytes of one value. */
  readonly itemBytes: number;
  readonly littleEndian: boolean;
  /** Columns first, as Fortran stores matrices. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Values in the array. */
  readonly count: number;
  /** Where the values start. */
  readonly dataAt: number;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const VERSION_AT = MAGIC.length;
const LENGTH_AT = VERSION_AT + 2;
/** NumPy's own limit (max_header_size). */
const MOST_HEADER_BYTES = 10_000;
const MOST_DIMENSIONS = 64;
const ENTRY = /\s*'(\w+)'\s*:\s*(?:'([^']*)'|(True|False)|\(([-\d\s,]*)\))\s*(?:,|$)/y;
const DESCRIPTION = /^([<>|=])([fiubcSU])(\d{1,9})$/;
/** Bytes that a value of each kind may take; text of any size but none. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  f: [2, 4, 8],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  b: [1],
  c: [8],
};
const BYTES_OF_CHARACTER = 4;

/** @throws MalformedBody saying what is wrong, UnsupportedMediaType for arrays that are no plain values */
export function readNpyHeader(body: Uint8Array): NpyHeader {
  if (!MAGIC.every((byte, index) => body[index] === byte)) throw malformed('it does not start as npy files do');
  const version = body[VERSION_AT];
  if (version !== 1 && version !== 2 && version !== 3) throw malformed(`version ${version} is not 1, 2 or 3`);
  const lengthBytes = version === 1 ? 2 : 4;
  const textAt = LENGTH_AT + lengthBytes;
  if (body.length < textAt) throw malformed('the header is cut off');
  const view = new DataView(body.buffer, body.byteOffset);
  const length = lengthBytes === 2 ? view.getUint16(LENGTH_AT, true) : view.getUint32(LENGTH_AT, true);
  if (length > MOST_HEADER_BYTES) throw malformed(`the header has ${length} bytes, over ${MOST_HEADER_BYTES}`);
  const dataAt = textAt + length;
  if (body.length < dataAt) throw malformed('the header is cut off');
  const entries = readEntries(Buffer.from(body.subarray(textAt, dataAt)).toString('latin1'));
  const shape = readShape(entries.get('shape'));
  return {
    ...readDescription(entries.get('descr')),
    fortranOrder: readOrder(entries.get('fortran_order')),
    shape,
    count: countOf(shape),
    dataAt,
  };
}

type Entry = { readonly text?: string; readonly flag?: string; readonly tuple?: string };

function readEntries(text: string): ReadonlyMap<string, Entry> {
  const dictionary = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  if (dictionary === undefined) throw malformed('the header is no dictionary');
  const inner = dictionary.trimEnd();
  const entries = new Map<string, Entry>();
  let at = 0;
  while (at < inner.length) {
    ENTRY.lastIndex = at;
    const match = ENTRY.exec(inner);
    if (!match) throw unsupported(`the header ${quoteForMessage(inner.slice(at))} is not of plain values`);
    at = ENTRY.lastIndex;
    const [, name, quoted, flag, tuple] = match;
    if (entries.has(name!)) throw malformed(`the header has ${quoteForMessage(name!)} twice`);
    entries.set(name!, {
      ...(quoted === undefined ? {} : { text: quoted }),
      ...(flag === undefined ? {} : { flag }),
      ...(tuple === undefined ? {} : { tuple }),
    });
  }
  return entries;
}

function readDescription(entry: Entry | undefined): Pick<NpyHeader, 'kind' | 'itemBytes' | 'littleEndian'> {
  const text = entry?.text;
  if (text === undefined) throw malformed("the header has no 'descr'");
  const [, order, kind, digits] = DESCRIPTION.exec(text) ?? [];
  const size = Number(digits) * (kind === 'U' ? BYTES_OF_CHARACTER : 1);
  const known = kind === 'S' || kind === 'U' ? size > 0 : SIZES[kind ?? '']?.includes(size);
  if (!known) {
    const kinds = 'floats, integers, booleans, complex64 and strings';
    throw unsupported(`values are ${quoteForMessage(text)}; ${kinds} can be read, objects (pickles) never`);
  }
  return { kind: kind as NpyHeader['kind'], itemBytes: size, littleEndian: order !== '>' };
}

function readOrder(entry: Entry | undefined): boolean {
  if (entry?.flag === undefined) throw malformed("the header has no 'fortran_order'");
  return entry.flag === 'True';
}

function readShape(entry: Entry | undefined): readonly number[] {
  const sizes = entry?.tuple
    ?.split(',')
    .map((size) => size.trim())
    .filter((size, index, all) => size !== '' || index < all.length - 1);
  const negative = sizes?.findIndex((size) => /^-\d+$/.test(size)) ?? -1;
  if (negative >= 0) throw malformed(`dimension ${negative} of the shape (${entry!.tuple}) is negative`);
  if (!sizes?.every((size) => /^\d{1,16}$/.test(size))) throw malformed("the header has no 'shape' of whole numbers");
  if (sizes.length > MOST_DIMENSIONS) throw malformed(`the shape has ${sizes.length} dimensions`);
  return sizes.map(Number);
}

function countOf(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count)) throw malformed(`the shape (${shape.join(', ')}) has too many values`);
  return count;
}

/** `MalformedBody` about an npy body. */
export function malformed(problem: string): TwinvecError {
  return new TwinvecError('MalformedBody', `The npy body is broken: ${problem}`);
}

function unsupported(problem: string): TwinvecError {
  return new TwinvecError('UnsupportedMediaType', `The npy body cannot be read: ${problem}`);
}
