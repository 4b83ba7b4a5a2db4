/**
 * Examples of classify and regress: JSON objects of features become serialized tf.Examples, the one input that such
 * signatures have. `1` is an int64 and `1.0` a float, as in TF Serving, so kinds are read from the text of numbers.
 */

import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { encodeExample, type FeatureList, type Features } from '#core/examples/example-writer.ts';
import { BYTE, type ByteCursor, expectByte, skipWhitespace, takeByte, takeBytes } from '#core/json/byte-cursor.ts';
import { scanInteger } from '#core/json/integer-scanner.ts';
import { isDigit, scanNumber } from '#core/json/number-scanner.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue, takeNonFinite } from '#core/json/value-scanner.ts';
import { fitsWide, NUMBER_FITS } from '../number-fit.ts';
import type { TensorSignature } from '../signature.ts';
import type { NamedTensors } from '../tensor.ts';
import type { RecordBuilder } from './record-builder.ts';
import { scanBytes } from './scan-element.ts';

type FeatureValue =
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int64'; readonly value: number | bigint };

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

export class ExampleBuilder implements RecordBuilder {
  readonly #inputName: string;
  readonly #examples: Uint8Array[] = [];
  #committed = 0;

  /** @throws InvalidTensor when the signature does not take serialized examples */
  constructor(signature: TensorSignature) {
    const inputs = Object.entries(signature.inputs);
    const [first] = inputs;
    if (inputs.length !== 1 || first![1].dtype !== 'string') {
      throw new TwinvecError('InvalidTensor', 'The signature does not take tf.Examples; call it with predict');
    }
    this.#inputName = first![0];
  }

  scan(cursor: ByteCursor): void {
    this.#examples.push(encodeExample(scanFeatures(cursor)));
  }

  /**
   * Features that hold for every example: serialized messages that follow each other merge, and a later value of a map
   * wins, so an example's own feature does.
   */
  addContext(context: Features): void {
    if (context.size === 0) return;
    const common = encodeExample(context);
    this.#examples.forEach((example, index) => {
      const merged = new Uint8Array(common.length + example.length);
      merged.set(common);
      merged.set(example, common.length);
      this.#examples[index] = merged;
    });
  }

  commit(): void {
    this.#committed = this.#examples.length;
  }

  rollBack(): void {
    this.#examples.length = this.#committed;
  }

  finish(rows: number): NamedTensors {
    return { [this.#inputName]: { dtype: 'string', shape: [rows], data: this.#examples } };
  }
}

/** `{"feature": value or list, ...}`. @throws InvalidTensor, DuplicateKey, MalformedJson */
export function scanFeatures(cursor: ByteCursor): Features {
  skipWhitespace(cursor);
  if (cursor.peek() !== BYTE.openBrace) throw notAnExample(cursor);
  cursor.at++;
  const features = new Map<string, FeatureList>();
  if (takeByte(cursor, BYTE.closeBrace)) return features;
  do {
    skipWhitespace(cursor);
    const name = readString(cursor);
    if (features.has(name)) throw problemAt(cursor, 'DuplicateKey', name, 'stands twice in one example');
    expectByte(cursor, BYTE.colon, 'a colon');
    features.set(name, scanFeature(cursor, name));
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBrace, 'a comma or }');
  return features;
}

function scanFeature(cursor: ByteCursor, name: string): FeatureList {
  if (!takeByte(cursor, BYTE.openBracket)) return listOf([scanValue(cursor, name)]);
  if (takeByte(cursor, BYTE.closeBracket)) return { kind: 'none' };
  const values: FeatureValue[] = [];
  do {
    const value = scanValue(cursor, name);
    if (values.length > 0 && values[0]!.kind !== value.kind) {
      const problem = `mixes ${values[0]!.kind} and ${value.kind} values; 1 is an int64 and 1.0 a float`;
      throw problemAt(cursor, 'InvalidTensor', name, problem);
    }
    values.push(value);
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
  return listOf(values);
}

function listOf(values: readonly FeatureValue[]): FeatureList {
  return { kind: values[0]!.kind, values: values.map(({ value }) => value) } as FeatureList;
}

function scanValue(cursor: ByteCursor, name: string): FeatureValue {
  skipWhitespace(cursor);
  const byte = cursor.peek();
  if (takeBytes(cursor, TRUE)) return { kind: 'int64', value: 1 };
  if (takeBytes(cursor, FALSE)) return { kind: 'int64', value: 0 };
  if (byte === BYTE.quote || byte === BYTE.openBrace) {
    const place = { describe: () => `${cursor.place()}, feature ${quoteForMessage(name)}` };
    return { kind: 'bytes', value: scanBytes(cursor, place) };
  }
  const special = takeNonFinite(cursor);
  if (special !== undefined) return { kind: 'float', value: special };
  if (byte === BYTE.minus || isDigit(byte)) return scanNumeric(cursor, name);
  const from = cursor.at;
  skipValue(cursor, 0, 'non-finite');
  const problem = `holds ${cursor.quote(from, cursor.at)}; a feature is a number, text, true, false or a list of these`;
  throw problemAt(cursor, 'InvalidTensor', name, problem);
}

function scanNumeric(cursor: ByteCursor, name: string): FeatureValue {
  const from = cursor.at;
  const whole = scanInteger(cursor);
  if (typeof whole === 'number' || (whole !== undefined && fitsWide('int64', whole))) {
    return { kind: 'int64', value: whole };
  }
  const to = cursor.at;
  cursor.at = from;
  const value = scanNumber(cursor);
  const fitted = whole === undefined && Number.isFinite(value) ? NUMBER_FITS.float32(value) : undefined;
  if (fitted !== undefined) return { kind: 'float', value: fitted };
  throw problemAt(cursor, 'InvalidTensor', name, `holds ${cursor.quote(from, to)}, which no feature can hold`);
}

function notAnExample(cursor: ByteCursor): TwinvecError {
  const from = cursor.at;
  skipValue(cursor, 0, 'non-finite');
  const found = cursor.quote(from, cursor.at);
  const problem = `${cursor.place()}: Example must be JSON object but got ${found}`;
  return new TwinvecError('InvalidTensor', problem, cursor.errorPlace());
}

function problemAt(
  cursor: ByteCursor,
  code: 'InvalidTensor' | 'DuplicateKey',
  name: string,
  problem: string,
): TwinvecError {
  return new TwinvecError(code, `${cursor.place()}, feature ${quoteForMessage(name)} ${problem}`, cursor.errorPlace());
}
