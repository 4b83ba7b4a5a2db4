/**
 * Collects the records of one request in row form, whatever JSON layout they come in. Two kinds: instances of named
 * inputs for predict, and examples of features for classify and regress.
 */
import type { ByteCursor } from '#core/json/byte-cursor.ts';
import type { NamedTensors } from '../tensor.ts';

export interface RecordBuilder {
  /**
   * Scans the record at the cursor into the request.
   *
   * @throws a TwinvecError naming record and input; {@link rollBack} then takes back what was read of it
   */
  scan(cursor: ByteCursor): void;
  /** Keeps the record that was scanned. */
  commit(): void;
  rollBack(): void;
  /** The tensors of all records that were kept. */
  finish(rows: number): NamedTensors;
}
