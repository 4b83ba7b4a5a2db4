/**
 * Collects the records of one request in JSON, whatever layout they come in. Two kinds: instances of named inputs for
 * predict, and examples of features for classify and regress.
 */
import type { ByteCursor } from '#core/json/byte-cursor.ts';
import type { RowStore } from '../row-request.ts';

export interface RecordBuilder extends RowStore {
  /** Scans the record at the cursor. @throws a TwinvecError naming record and input */
  scan(cursor: ByteCursor): void;
}
