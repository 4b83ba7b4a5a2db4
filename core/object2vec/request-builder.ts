/**
 * Collects the records of one request, whatever format they come in: rows in two columns, one inference mode for all,
 * a bounded count and, where bad records are tolerated, the failures in their places.
 */
import { addFailure, type RecordFailure } from '#core/batch/record-failure.ts';
import { TwinvecError } from '#core/errors.ts';
import { type ByteCursor, expectEnd } from '#core/json/byte-cursor.ts';
import type { DecodeOptions, InferenceMode, InferenceRequest } from './inference-request.ts';
import { FIELD, PAIR, RecordSink, scanRecord } from './record-scanner.ts';
import { TokenColumn } from './token-column.ts';

const MODES: ReadonlyMap<number, InferenceMode> = new Map([
  [PAIR, 'scores'],
  [FIELD.in0, 'embed_in0'],
  [FIELD.in1, 'embed_in1'],
]);

const ASKS_FOR: Record<InferenceMode, string> = {
  scores: 'in0 and in1 (scores)',
  embed_in0: 'only in0 (its embedding)',
  embed_in1: 'only in1 (its embedding)',
};

export class RequestBuilder {
  readonly #options: DecodeOptions;
  readonly #sink: RecordSink;
  readonly #failures: RecordFailure[] = [];
  #mode: InferenceMode | undefined;
  #rows = 0;

  constructor(options: DecodeOptions) {
    this.#options = options;
    this.#sink = takeSink(options);
  }

  /** Records so far, good and bad. */
  get records(): number {
    return this.#rows + this.#failures.length;
  }

  /**
   * Scans the record at the cursor into the request; `alone`: nothing but whitespace may follow it in the range.
   *
   * @throws what `scanRecord` throws; MixedInputs when it asks for something else than the records before;
   *   PayloadTooLarge when it is one too many
   */
  addRecord(cursor: ByteCursor, alone = false): void {
    this.#countRecord(cursor);
    const fields = scanRecord(cursor, this.#sink) & PAIR;
    if (alone) expectEnd(cursor);
    const mode = MODES.get(fields)!;
    this.#mode ??= mode;
    if (mode !== this.#mode) throw this.#mixed(cursor, mode);
    this.#rows++;
  }

  /**
   * Puts a failure in the place of the record that the cursor is at, and drops what was read of it.
   *
   * @throws PayloadTooLarge when there are too many: each costs memory and a line of the response
   */
  addFailure(cursor: ByteCursor, error: TwinvecError): void {
    addFailure(this.#failures, { record: cursor.record, error });
    const { in0, in1 } = this.#sink;
    const hasRows = (column: TokenColumn) => this.#mode === 'scores' || this.#mode === `embed_${column.field}`;
    for (const column of [in0, in1]) column.truncate(hasRows(column) ? this.#rows : 0);
    if (this.#rows === 0) this.#mode = undefined;
  }

  /** The request; nothing can be added after it. */
  finish(): InferenceRequest {
    const mode = this.#mode ?? 'scores';
    const { in0, in1 } = this.#sink;
    const request = {
      mode,
      ...(mode === 'embed_in1' ? {} : { in0: in0.toRows() }),
      ...(mode === 'embed_in0' ? {} : { in1: in1.toRows() }),
      rows: this.#rows,
      failures: this.#failures,
    };
    returnSink(this.#sink);
    return request;
  }

  /** Gives the record its index, which messages name from then on. */
  #countRecord(cursor: ByteCursor): void {
    cursor.record = this.records;
    if (this.records < this.#options.maxRecords) return;
    throw new TwinvecError('PayloadTooLarge', `The body has more than ${this.#options.maxRecords} records; send fewer`);
  }

  #mixed(cursor: ByteCursor, mode: InferenceMode): TwinvecError {
    return new TwinvecError(
      'MixedInputs',
      `${cursor.place()} has ${ASKS_FOR[mode]}, the records before it ${ASKS_FOR[this.#mode!]}; ` +
        'all records of a request must have the same inputs',
      cursor.errorPlace(),
    );
  }
}

/**
 * Columns between two requests: for a small body, allocating and clearing them costs more than reading it. A request
 * owns them from its first byte to its end and takes copies, so requests share nothing.
 */
let idleSink: RecordSink | undefined;

/** Larger columns are left to the garbage collector. */
const LARGEST_IDLE_IDS = 262_144;

function takeSink(options: DecodeOptions): RecordSink {
  const sink = idleSink;
  idleSink = undefined;
  if (!sink) return new RecordSink(new TokenColumn('in0', options.in0), new TokenColumn('in1', options.in1), 'skip');
  sink.in0.reset(options.in0);
  sink.in1.reset(options.in1);
  return sink;
}

function returnSink(sink: RecordSink): void {
  if (sink.in0.ids.length + sink.in1.ids.length <= LARGEST_IDLE_IDS) idleSink = sink;
}
