/**
 * Values of all inputs of a signature: an object with exactly its inputs, `{"x": ..., "y": ...}`, or the bare value of
 * its only input. Used for one record at a time and for whole columns.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import {
  BYTE,
  type ByteCursor,
  expectByte,
  malformed,
  skipWhitespace,
  takeByte,
  takeBytes,
} from '#core/json/byte-cursor.ts';
import { readString } from '#core/json/string-scanner.ts';
import type { TensorSignature } from '../signature.ts';
import { describeShape, type NamedTensors, shapeFits, type TensorSpec } from '../tensor.ts';
import { inputLabel, startsBase64, wrongValue } from './scan-element.ts';
import { TensorScanner } from './tensor-scanner.ts';

/** One input while a request is read. */
interface InputSlot {
  readonly scanner: TensorScanner;
  readonly spec: TensorSpec;
  /** The name as JSON writes it, to be recognised without making a string. */
  readonly quotedName: Uint8Array;
  /** Number of the last object that had this key. */
  seenIn: number;
}

/** Scans values of all inputs of a signature: one record at a time, or whole columns. */
export class InputScanner {
  readonly #slots: readonly InputSlot[];
  readonly #only: InputSlot | undefined;
  /** True when an object can be the value of the only input itself: `{"b64": "..."}`. */
  readonly #takesBase64: boolean;
  #objects = 0;

  /** `shapeOf` gives the shape of one scanned value. */
  constructor(signature: TensorSignature, shapeOf: (name: string, spec: TensorSpec) => readonly number[] | undefined) {
    this.#slots = Object.entries(signature.inputs).map(([name, spec]) => ({
      scanner: new TensorScanner(name, spec, shapeOf(name, spec)),
      spec,
      quotedName: Buffer.from(JSON.stringify(name)),
      seenIn: 0,
    }));
    this.#only = this.#slots.length === 1 ? this.#slots[0] : undefined;
    this.#takesBase64 = this.#only?.spec.dtype === 'string' && this.#only.scanner.name !== 'b64';
  }

  /** An object with every input, or the value of the only input. */
  scan(cursor: ByteCursor): void {
    skipWhitespace(cursor);
    const named = cursor.peek() === BYTE.openBrace && !(this.#takesBase64 && startsBase64(cursor));
    if (named) this.#scanObject(cursor);
    else if (this.#only) this.#only.scanner.scan(cursor);
    else throw this.#plainValue(cursor);
  }

  get names(): readonly string[] {
    return this.#slots.map(({ scanner }) => scanner.name);
  }

  /** Keeps what was scanned since the last call. */
  commit(): void {
    for (const { scanner } of this.#slots) scanner.commit();
  }

  rollBack(): void {
    for (const { scanner } of this.#slots) scanner.rollBack();
  }

  /** By input name; `outer` are the dimensions around one scanned value. @throws InvalidTensor for a shape that does not fit */
  toTensors(outer: readonly number[]): NamedTensors {
    return Object.fromEntries(
      this.#slots.map(({ scanner, spec }) => {
        const tensor = scanner.toTensor(outer);
        checkShape(scanner.name, tensor.shape, spec);
        return [scanner.name, tensor];
      }),
    );
  }

  #nameList(): string {
    return this.names.map(quoteForMessage).join(', ');
  }

  #scanObject(cursor: ByteCursor): void {
    cursor.at++;
    this.#objects++;
    let found = 0;
    if (!takeByte(cursor, BYTE.closeBrace)) {
      do {
        const slot = this.#scanName(cursor, found);
        if (slot.seenIn === this.#objects) throw twice(cursor, slot);
        slot.seenIn = this.#objects;
        expectByte(cursor, BYTE.colon, 'a colon');
        slot.scanner.scan(cursor);
        found++;
      } while (takeByte(cursor, BYTE.comma));
      expectByte(cursor, BYTE.closeBrace, 'a comma or }');
    }
    if (found < this.#slots.length) throw this.#missing(cursor);
  }

  /** Keys mostly come in the order of the signature: `expected` is tried first. */
  #scanName(cursor: ByteCursor, expected: number): InputSlot {
    skipWhitespace(cursor);
    const likely = this.#slots[expected];
    if (likely && takeBytes(cursor, likely.quotedName)) return likely;
    if (cursor.peek() !== BYTE.quote) throw malformed(cursor, 'a field name in double quotes');
    const name = readString(cursor);
    const slot = this.#slots.find(({ scanner }) => scanner.name === name);
    if (slot) return slot;
    const problem = `does not have named input: ${quoteForMessage(name)}; the inputs are ${this.#nameList()}`;
    throw new TwinvecError('UnknownField', `${cursor.place()}: the model ${problem}`, cursor.errorPlace());
  }

  #missing(cursor: ByteCursor): TwinvecError {
    const slot = this.#slots.find(({ seenIn }) => seenIn !== this.#objects)!;
    const problem = `Missing named input: ${quoteForMessage(slot.scanner.name)}; keys must be equal to: ${this.#nameList()}`;
    return new TwinvecError('InvalidTensor', `${cursor.place()}: ${problem}`, cursor.errorPlace());
  }

  #plainValue(cursor: ByteCursor): TwinvecError {
    return wrongValue(cursor, `object with the inputs ${this.#nameList()}`, { describe: () => cursor.place() });
  }
}

function twice(cursor: ByteCursor, { scanner }: InputSlot): TwinvecError {
  const problem = `${cursor.place()} has the ${inputLabel(scanner.name)} twice`;
  return new TwinvecError('DuplicateKey', problem, cursor.errorPlace());
}

function checkShape(name: string, shape: readonly number[], { shape: wanted }: TensorSpec): void {
  if (shapeFits(shape, wanted)) return;
  const problem = `Expecting shape ${describeShape(wanted)} but got: ${describeShape(shape)}`;
  throw new TwinvecError('InvalidTensor', `${inputLabel(name)}: ${problem}`);
}
