/**
 * A request in row form while it is read, in whatever format: counts records, keeps failures in their places where they
 * are tolerated, and becomes the request in the end.
 */
import { addFailure, type RecordFailure, withoutStacks } from '#core/batch/record-failure.ts';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import type { NamedTensors } from './tensor.ts';
import type { TensorDecodeOptions, TensorRequest } from './tensor-request.ts';

/** Where the values of the records go. */
export interface RowStore {
  /** Keeps the record that was read. */
  commit(): void;
  /** Takes back what was read of a record that turned out bad. */
  rollBack(): void;
  /** The tensors of all records that were kept. */
  finish(rows: number): NamedTensors;
}

/** Reads the record of this index into the store; throws a TwinvecError that names it. */
export type ReadRecord = (record: number) => void;

export class RowRequest {
  readonly #store: RowStore;
  readonly #options: TensorDecodeOptions;
  readonly #failures: RecordFailure[] = [];
  #rows = 0;

  constructor(store: RowStore, options: TensorDecodeOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Records so far, good and bad. */
  get records(): number {
    return this.#rows + this.#failures.length;
  }

  /** @throws what `read` throws, with the record's number; PayloadTooLarge when it is one too many */
  add(read: ReadRecord): void {
    const { maxRecords } = this.#options;
    if (this.records >= maxRecords) {
      throw new TwinvecError('PayloadTooLarge', `The body has more than ${maxRecords} records; send fewer`);
    }
    this.#read(read);
    this.#store.commit();
    this.#rows++;
  }

  /**
   * Reads records for as long as `hasNext` says so. Where they are tolerated, bad ones become failures in their places,
   * and `afterFailure` moves on to the next.
   *
   * @throws EmptyBody when there is none; a batch of nothing is an empty request instead
   */
  addAll(hasNext: () => boolean, read: ReadRecord, afterFailure: () => void = () => undefined): void {
    if (!this.#options.tolerateBadRecords) {
      while (hasNext()) this.add(read);
      if (this.records === 0) throw new TwinvecError('EmptyBody', 'The body has no records; send at least one');
      return;
    }
    withoutStacks(() => {
      while (hasNext()) {
        if (!this.#addOrFail(read)) afterFailure();
      }
    });
  }

  finish(signatureName: string): TensorRequest {
    const inputs = this.#store.finish(this.#rows);
    return { signatureName, inputs, form: 'row', rows: this.#rows, failures: this.#failures };
  }

  /** What looks at values alone, such as the check of an image, does not know of records. */
  #read(read: ReadRecord): void {
    try {
      read(this.records);
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      if (error.record !== undefined || error.code === 'Internal') throw error;
      throw new TwinvecError(error.code, error.message, { record: this.records, cause: thrown });
    }
  }

  #addOrFail(read: ReadRecord): boolean {
    const record = this.records;
    try {
      this.add(read);
      return true;
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      // Too many records, or a bug of ours: neither is the fault of this one.
      if (error.record === undefined) throw error;
      this.#store.rollBack();
      addFailure(this.#failures, { record, error });
      return false;
    }
  }
}
