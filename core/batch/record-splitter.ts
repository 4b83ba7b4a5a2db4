/** What every way of splitting an object into records has in common. */
import { TwinvecError } from '#core/errors.ts';

export interface SourceRecord {
  /** What is sent for the record. May be a view into the chunk it came from. */
  readonly bytes: Uint8Array;
  /** One-based line in its object, or where there are no lines the count of the record. */
  readonly line: number;
  /** Where the record starts in its object. */
  readonly byteOffset: number;
}

/** Takes the chunks of one object, cut anywhere. Holds at most one record, and what is over its limit is refused. */
export interface RecordSplitter {
  /** The records that this chunk completes. */
  push(chunk: Uint8Array): readonly SourceRecord[];
  /** The last record, where its end is the end of the object. */
  end(): readonly SourceRecord[];
}

/** Yields the records that each chunk completes (never an empty list). Throws what the splitter throws. */
export async function* splitRecords(
  chunks: AsyncIterable<Uint8Array>,
  splitter: RecordSplitter,
): AsyncGenerator<readonly SourceRecord[]> {
  for await (const chunk of chunks) {
    const records = splitter.push(chunk);
    if (records.length > 0) yield records;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

/** What a reader of one record calls it. */
const PLACE_OF_ONE = /^(Line 1|The body), /;

/** Says at which line of the object something went wrong. */
export function atLine<T>(line: number, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof TwinvecError)) throw error;
    throw new TwinvecError(error.code, `line ${line}: ${error.message.replace(PLACE_OF_ONE, '')}`);
  }
}
