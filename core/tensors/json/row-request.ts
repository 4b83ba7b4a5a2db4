/**
 * A request in row form while it is read: counts records, keeps failures in their places where they are tolerated, and
 * becomes the request in the end.
 */
import { addFailure, type RecordFailure } from '#core/batch/record-failure.ts';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { type ByteCursor, expectEnd } from '#core/json/byte-cursor.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import type { RecordBuilder } from './record-builder.ts';

export class RowRequest {
  readonly #builder: RecordBuilder;
  readonly #maxRecords: number;
  readonly #failures: RecordFailure[] = [];
  #rows = 0;

  constructor(builder: RecordBuilder, { maxRecords }: TensorDecodeOptions) {
    this.#builder = builder;
    this.#maxRecords = maxRecords;
  }

  /** Records so far, good and bad. */
  get records(): number {
    return this.#rows + this.#failures.length;
  }

  /**
   * Scans the record at the cursor; `alone`: nothing but whitespace may follow it in the range.
   *
   * @throws what the builder throws; PayloadTooLarge when it is one too many
   */
  add(cursor: ByteCursor, alone = false): void {
    cursor.record = this.records;
    if (this.records >= this.#maxRecords) {
      throw new TwinvecError('PayloadTooLarge', `The body has more than ${this.#maxRecords} records; send fewer`);
    }
    this.#builder.scan(cursor);
    if (alone) expectEnd(cursor);
    this.#builder.commit();
    this.#rows++;
  }

  /** As {@link add}, with a bad record as a failure in its place. */
  addOrFail(cursor: ByteCursor): void {
    try {
      this.add(cursor, true);
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      if (error.code === 'PayloadTooLarge' || error.code === 'Internal') throw error;
      this.#builder.rollBack();
      addFailure(this.#failures, { record: cursor.record, error });
    }
  }

  finish(signatureName: string): TensorRequest {
    const inputs = this.#builder.finish(this.#rows);
    return { signatureName, inputs, form: 'row', rows: this.#rows, failures: this.#failures };
  }
}
