/**
 * From the bytes of one input object to the bodies of its requests: SplitType x BatchStrategy x MaxPayloadInMB
 * (spec sagemaker 2.3). A mini-batch never holds records of two objects, because it only ever sees one.
 */
import { TwinvecError } from '#core/errors.ts';
import { type SourceRecord, splitRecords } from './record-splitter.ts';
import { type BatchStrategy, createSplitter, type SplitType } from './split-types.ts';

export interface MiniBatchOptions {
  readonly splitType: SplitType;
  readonly strategy: BatchStrategy;
  /** Largest request body. */
  readonly maxPayloadBytes: number;
}

export interface MiniBatch {
  readonly body: Uint8Array;
  /** One-based line, or count, of each record, in order; its length is the number of records sent. */
  readonly lines: readonly number[];
}

const NEWLINE = Uint8Array.of(0x0a);
const NOTHING = new Uint8Array(0);

/**
 * Several lines are joined with one newline between them and none at the end, several frames as they are; the body is at
 * most `maxPayloadBytes`. An object without records gives no mini-batch.
 *
 * @throws TwinvecError PayloadTooLarge when a record, or an object that may not be split, does not fit; MalformedBody and
 *   DamagedRecord for frames that cannot be split
 */
export async function* miniBatches(
  chunks: AsyncIterable<Uint8Array>,
  options: MiniBatchOptions,
): AsyncGenerator<MiniBatch> {
  const { splitType, maxPayloadBytes } = options;
  if (splitType === 'None') {
    yield* wholeObject(chunks, maxPayloadBytes);
    return;
  }
  const records = splitRecords(chunks, createSplitter({ ...options, splitType }));
  if (options.strategy === 'SingleRecord') {
    for await (const group of records) for (const { bytes, line } of group) yield { body: bytes, lines: [line] };
    return;
  }
  yield* fullBatches(records, maxPayloadBytes, splitType === 'Line' ? NEWLINE : NOTHING);
}

async function* wholeObject(chunks: AsyncIterable<Uint8Array>, maxPayloadBytes: number): AsyncGenerator<MiniBatch> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxPayloadBytes) {
      throw new TwinvecError(
        'PayloadTooLarge',
        `the object is larger than the payload limit of ${maxPayloadBytes} bytes and SplitType None may not split it. Raise MaxPayloadInMB or use another SplitType.`,
      );
    }
    parts.push(chunk);
  }
  if (bytes > 0) yield { body: Buffer.concat(parts, bytes), lines: [1] };
}

async function* fullBatches(
  groups: AsyncIterable<readonly SourceRecord[]>,
  maxPayloadBytes: number,
  separator: Uint8Array,
): AsyncGenerator<MiniBatch> {
  let parts: Uint8Array[] = [];
  let lines: number[] = [];
  let bytes = 0;
  const flush = (): MiniBatch => {
    const batch = { body: Buffer.concat(parts, bytes), lines };
    parts = [];
    lines = [];
    bytes = 0;
    return batch;
  };
  for await (const group of groups) {
    for (const record of group) {
      if (lines.length > 0 && bytes + separator.length + record.bytes.length > maxPayloadBytes) yield flush();
      if (lines.length > 0) {
        parts.push(separator);
        bytes += separator.length;
      }
      parts.push(record.bytes);
      lines.push(record.line);
      bytes += record.bytes.length;
    }
  }
  if (lines.length > 0) yield flush();
}
