/**
 * The body of TF Serving's REST API: `instances` (row form) or `inputs` (column form) for predict, `examples` with an
 * optional `context` for classify and regress, and `signature_name` before or after them. Data is read once unless a
 * `signature_name` that comes after it turns up.
 */

import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { Features } from '#core/examples/example-writer.ts';
import { BYTE, type ByteCursor, expectByte, expectEnd, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { RowRequest } from '../row-request.ts';
import { DEFAULT_SIGNATURE, signatureNamed, type TensorSignatures } from '../signature.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import { columnRequest } from './column-request.ts';
import { createRecordBuilder } from './create-record-builder.ts';
import { ExampleBuilder, scanFeatures } from './example-builder.ts';

const DATA_KEYS = ['instances', 'inputs', 'examples'];
const OTHER_KEYS = ['signature_name', 'context'];
const SIGNATURE_KEY = '"signature_name"';

/** Data that was read with a signature and waits for the rest of the body. */
interface ReadData {
  readonly signatureName: string;
  finish(context: Features | undefined): TensorRequest;
}

export class Envelope {
  readonly #signatures: TensorSignatures;
  readonly #options: TensorDecodeOptions;
  #signatureName: string | undefined;
  #context: Features | undefined;
  #data: { readonly key: string; readonly at: number } | undefined;
  #read: ReadData | undefined;

  constructor(signatures: TensorSignatures, options: TensorDecodeOptions) {
    this.#signatures = signatures;
    this.#options = options;
  }

  /** Whether the object at the cursor is such a body: its first key says so. The cursor stays. */
  static startsAt(cursor: ByteCursor): boolean {
    const from = cursor.at++;
    skipWhitespace(cursor);
    const key = cursor.peek() === BYTE.quote ? readString(cursor) : '';
    cursor.at = from;
    return DATA_KEYS.includes(key) || OTHER_KEYS.includes(key);
  }

  scan(cursor: ByteCursor): TensorRequest {
    cursor.at++;
    do {
      skipWhitespace(cursor);
      const key = readString(cursor);
      expectByte(cursor, BYTE.colon, 'a colon');
      this.#scanMember(cursor, key);
    } while (takeByte(cursor, BYTE.comma));
    expectByte(cursor, BYTE.closeBrace, 'a comma or }');
    expectEnd(cursor);
    return this.#finish(cursor);
  }

  #scanMember(cursor: ByteCursor, key: string): void {
    skipWhitespace(cursor);
    if (DATA_KEYS.includes(key)) this.#scanData(cursor, key);
    else if (key === 'signature_name') this.#scanSignatureName(cursor);
    else if (key === 'context') this.#scanContext(cursor);
    else {
      const known = [...DATA_KEYS, ...OTHER_KEYS].join(', ');
      throw new TwinvecError('UnknownField', `The body has the key ${quoteForMessage(key)}; it may have ${known}`);
    }
  }

  #scanSignatureName(cursor: ByteCursor): void {
    if (this.#signatureName !== undefined) throw twice('signature_name');
    if (cursor.peek() !== BYTE.quote) {
      const from = cursor.at;
      skipValue(cursor, 1, 'non-finite');
      const found = cursor.quote(from, cursor.at);
      throw invalid(`'signature_name' key must be a string value, and is ${found}`);
    }
    this.#signatureName = readString(cursor);
  }

  #scanContext(cursor: ByteCursor): void {
    if (this.#options.method === 'predict') throw invalid(`'context' belongs to classify and regress, not to predict`);
    if (this.#context) throw twice('context');
    this.#context = scanFeatures(cursor);
  }

  #scanData(cursor: ByteCursor, key: string): void {
    if (this.#data?.key === key) throw twice(key);
    if (this.#data)
      throw invalid(`Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist`);
    this.#requireKeyOfMethod(key);
    this.#data = { key, at: cursor.at };
    const mayFollow = this.#signatureName === undefined && isAhead(cursor, SIGNATURE_KEY);
    if (mayFollow) skipValue(cursor, 1, 'non-finite');
    else this.#read = this.#readData(cursor, key);
  }

  #requireKeyOfMethod(key: string): void {
    const { method } = this.#options;
    if ((key === 'examples') === (method !== 'predict')) return;
    if (method === 'predict')
      throw invalid(`Missing 'inputs' or 'instances' key; 'examples' is for classify and regress`);
    throw invalid(`When method is ${method}, key 'examples' is expected and was not found`);
  }

  #readData(cursor: ByteCursor, key: string): ReadData {
    const signatureName = this.#signatureName ?? this.#options.signatureName ?? DEFAULT_SIGNATURE;
    const signature = signatureNamed(this.#signatures, signatureName);
    if (key === 'inputs') {
      const request = columnRequest(cursor, signatureName, signature);
      return { signatureName, finish: () => request };
    }
    const builder = createRecordBuilder(signature, this.#options.method);
    const request = new RowRequest(builder, this.#options);
    const scan = (record: number) => {
      cursor.record = record;
      builder.scan(cursor);
    };
    scanRecords(cursor, key, () => request.add(scan));
    return {
      signatureName,
      finish: (context) => {
        if (context && builder instanceof ExampleBuilder) builder.addContext(context);
        return request.finish(signatureName);
      },
    };
  }

  #finish(cursor: ByteCursor): TensorRequest {
    const data = this.#data;
    if (!data) {
      if (this.#options.method === 'predict') throw invalid(`Missing 'inputs' or 'instances' key`);
      throw invalid(`When method is ${this.#options.method}, key 'examples' is expected and was not found`);
    }
    const named = this.#signatureName ?? this.#read?.signatureName;
    if (!this.#read || this.#read.signatureName !== named) {
      cursor.at = data.at;
      this.#read = this.#readData(cursor, data.key);
    }
    return this.#read.finish(this.#context);
  }
}

/** The list of records under a key. */
function scanRecords(cursor: ByteCursor, key: string, scanRecord: () => void): void {
  if (cursor.peek() !== BYTE.openBracket) {
    const from = cursor.at;
    skipValue(cursor, 1, 'non-finite');
    throw invalid(`Expecting '${key}' to be an list/array, and it is ${cursor.quote(from, cursor.at)}`);
  }
  cursor.at++;
  if (takeByte(cursor, BYTE.closeBracket)) throw invalid(`No values in '${key}' array`);
  do {
    scanRecord();
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
  cursor.record = -1;
}

/** Whether the text comes later in the body; it may be data, so that it only says where it cannot be. */
function isAhead({ bytes, at, end }: ByteCursor, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).includes(text);
}

function twice(key: string): TwinvecError {
  return new TwinvecError('DuplicateKey', `The body has ${quoteForMessage(key)} twice`);
}

function invalid(problem: string): TwinvecError {
  return new TwinvecError('InvalidEnvelope', problem);
}
