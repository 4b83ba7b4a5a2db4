/**
 * The children of a JSON container as views of its bytes. Nothing becomes a JavaScript value, so that what a filter
 * passes on is what was written: an int64 keeps its digits and 1.0 its dot.
 */
import {
  BYTE,
  ByteCursor,
  expectByte,
  expectEnd,
  malformed,
  skipWhitespace,
  takeByte,
} from '#core/json/byte-cursor.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';

export interface Member {
  readonly name: string;
  readonly value: Uint8Array;
}

export type JsonKind = 'object' | 'array' | 'other';

/** The document without the whitespace around it, checked strictly. @throws TwinvecError MalformedJson */
export function jsonDocument(bytes: Uint8Array): Uint8Array {
  const cursor = new ByteCursor(bytes);
  const value = takeValue(cursor);
  expectEnd(cursor);
  return value;
}

export function kindOf(value: Uint8Array): JsonKind {
  if (value[0] === BYTE.openBrace) return 'object';
  return value[0] === BYTE.openBracket ? 'array' : 'other';
}

/** The elements of an array that {@link jsonDocument} has checked. */
export function elementsOf(array: Uint8Array): Uint8Array[] {
  const cursor = new ByteCursor(array);
  expectByte(cursor, BYTE.openBracket, 'an array');
  const elements: Uint8Array[] = [];
  if (takeByte(cursor, BYTE.closeBracket)) return elements;
  do elements.push(takeValue(cursor));
  while (takeByte(cursor, BYTE.comma));
  return elements;
}

/** The members of an object that {@link jsonDocument} has checked, in their order; a name may come twice. */
export function membersOf(object: Uint8Array): Member[] {
  const cursor = new ByteCursor(object);
  expectByte(cursor, BYTE.openBrace, 'an object');
  const members: Member[] = [];
  if (takeByte(cursor, BYTE.closeBrace)) return members;
  do {
    skipWhitespace(cursor);
    const name = readString(cursor);
    expectByte(cursor, BYTE.colon, 'a colon');
    members.push({ name, value: takeValue(cursor) });
  } while (takeByte(cursor, BYTE.comma));
  return members;
}

function takeValue(cursor: ByteCursor): Uint8Array {
  skipWhitespace(cursor);
  if (cursor.at >= cursor.end) throw malformed(cursor, 'a JSON value');
  const from = cursor.at;
  skipValue(cursor, 0);
  return cursor.bytes.subarray(from, cursor.at);
}
