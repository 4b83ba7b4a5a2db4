/**
 * Response bytes back to rows of floats, for clients and the batch engine: the reverse of `encode-predictions.ts`.
 * AWS's own responses read the same way.
 */
import type { RecordFailure } from '#core/batch/record-failure.ts';
import { ERRORS, type ErrorCode, TwinvecError } from '#core/errors.ts';
import {
  BYTE,
  ByteCursor,
  expectByte,
  expectEnd,
  malformed,
  skipWhitespace,
  takeByte,
} from '#core/json/byte-cursor.ts';
import { nextLine, skipByteOrderMark } from '#core/json/lines.ts';
import { isDigit, scanNumber } from '#core/json/number-scanner.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { wireFormatOf } from './wire-formats.ts';

export interface DecodedPredictions {
  /** Absent when every record failed. */
  readonly kind?: 'scores' | 'embeddings';
  /** [good rows x width], row after row. */
  readonly values: Float32Array;
  /** Length of one row; 0 when there is none. */
  readonly width: number;
  /** Records that came back as placeholders, ascending by their place in the response. */
  readonly failures: readonly RecordFailure[];
}

/** Arrays and objects around one prediction. */
const ROW_DEPTH = 2;

/**
 * The predictions of a response body.
 *
 * @throws MalformedJson, InvalidRecord or InvalidEnvelope when it is not a response of this kind; UnsupportedMediaType
 */
export function decodePredictions(body: Uint8Array, mediaType: string): DecodedPredictions {
  const cursor = new ByteCursor(body);
  const rows = new PredictionRows();
  skipByteOrderMark(cursor);
  if (wireFormatOf(mediaType) === 'json') scanEnvelope(cursor, rows);
  else scanLines(cursor, rows);
  return rows.finish();
}

function scanEnvelope(cursor: ByteCursor, rows: PredictionRows): void {
  expectByte(cursor, BYTE.openBrace, '{"predictions":[...]}');
  skipWhitespace(cursor);
  if (cursor.peek() !== BYTE.quote || readString(cursor) !== 'predictions') {
    throw new TwinvecError('InvalidEnvelope', 'The response is not {"predictions":[...]}');
  }
  expectByte(cursor, BYTE.colon, 'a colon');
  expectByte(cursor, BYTE.openBracket, 'an array of predictions');
  if (!takeByte(cursor, BYTE.closeBracket)) {
    do {
      rows.scan(cursor);
    } while (takeByte(cursor, BYTE.comma));
    expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
  }
  cursor.record = -1;
  expectByte(cursor, BYTE.closeBrace, '}');
  expectEnd(cursor);
}

/** Like requests, responses may come with several objects on a line: AWS's samples do. */
function scanLines(cursor: ByteCursor, rows: PredictionRows): void {
  while (nextLine(cursor)) {
    while (cursor.at < cursor.end) {
      rows.scan(cursor);
      skipWhitespace(cursor);
    }
  }
}

class PredictionRows {
  #kind: 'scores' | 'embeddings' | undefined;
  readonly #values: number[] = [];
  readonly #failures: RecordFailure[] = [];
  #rows = 0;

  /** Scans `{"scores":[...]}`, `{"embeddings":[...]}` or a placeholder. */
  scan(cursor: ByteCursor): void {
    cursor.record = this.#rows + this.#failures.length;
    skipWhitespace(cursor);
    const from = cursor.at;
    expectByte(cursor, BYTE.openBrace, 'an object');
    skipWhitespace(cursor);
    const name = readString(cursor);
    expectByte(cursor, BYTE.colon, 'a colon');
    if (name === 'error') this.#addFailure(cursor, from);
    else this.#addRow(cursor, name);
  }

  finish(): DecodedPredictions {
    return {
      ...(this.#kind === undefined ? {} : { kind: this.#kind }),
      values: Float32Array.from(this.#values),
      width: this.#rows === 0 ? 0 : this.#values.length / this.#rows,
      failures: this.#failures,
    };
  }

  #addRow(cursor: ByteCursor, name: string): void {
    const kind = name === 'scores' || name === 'embeddings' ? name : undefined;
    this.#kind ??= kind;
    if (kind === undefined || kind !== this.#kind) throw notAPrediction(cursor, 'has neither scores nor embeddings');
    const before = this.#values.length;
    expectByte(cursor, BYTE.openBracket, 'an array of numbers');
    do {
      skipWhitespace(cursor);
      if (cursor.peek() !== BYTE.minus && !isDigit(cursor.peek())) throw malformed(cursor, 'a number');
      this.#values.push(scanNumber(cursor));
    } while (takeByte(cursor, BYTE.comma));
    expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
    expectByte(cursor, BYTE.closeBrace, '}');
    this.#rows++;
    if (this.#values.length !== (this.#values.length - before) * this.#rows) {
      throw notAPrediction(cursor, 'is not as long as the predictions before it');
    }
  }

  /** Placeholders are rare: the whole object, from `from` on, is checked by the scanner and then read as an object. */
  #addFailure(cursor: ByteCursor, from: number): void {
    cursor.at = from;
    skipValue(cursor, ROW_DEPTH);
    const { error } = JSON.parse(Buffer.from(cursor.bytes.subarray(from, cursor.at)).toString('utf8')) as {
      readonly error: { readonly code?: unknown; readonly message?: unknown } | null;
    };
    const { record } = cursor;
    const code = isErrorCode(error?.code) ? error.code : 'ModelFailed';
    this.#failures.push({ record, error: new TwinvecError(code, String(error?.message ?? ''), { record }) });
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}

function notAPrediction(cursor: ByteCursor, problem: string): TwinvecError {
  return new TwinvecError('InvalidRecord', `${cursor.place()} of the response ${problem}`, cursor.errorPlace());
}
