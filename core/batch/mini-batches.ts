/**
 * From the bytes of one input object to the bodies of its requests: SplitType x BatchStrategy x MaxPayloadInMB
 * (spec sagemaker 2.3). A mini-batch never holds records of two objects, because it only ever sees one.
 */
import { TwinvecError } from '#core/errors.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { atLine, type SourceRecord, splitRecords } from './record-splitter.ts';
import { type BatchStrategy, createSplitter, type SplitType } from './split-types.ts';

export interface MiniBatchOptions {
  readonly splitType: SplitType;
  readonly strategy: BatchStrategy;
  /** Largest request body. */
  readonly maxPayloadBytes: number;
  /** What is sent for a record, in place of all of it. */
  readonly filterInput?: ((record: Uint8Array) => Uint8Array) | undefined;
  /** Whether mini-batches carry the records as they were before the filter. @default false */
  readonly keepSources?: boolean | undefined;
}

export interface MiniBatch {
  readonly body: Uint8Array;
  /** One-based line, or count, of each record, in order; its length is the number of records sent. */
  readonly lines: readonly number[];
  /** Each record as it was read, where the options ask for it; else empty. */
  readonly sources: readonly Uint8Array[];
}

const NEWLINE = Uint8Array.of(0x0a);
const NOTHING = new Uint8Array(0);

/**
 * Several lines are joined with one newline between them and none at the end, several frames as they are; the body is at
 * most `maxPayloadBytes`. An object without records gives no mini-batch.
 *
 * @throws TwinvecError PayloadTooLarge when a record, or an object that may not be split, does not fit; MalformedBody and
 *   DamagedRecord for frames that cannot be split; what the filter throws, with the line
 */
export async function* miniBatches(
  chunks: AsyncIterable<Uint8Array>,
  options: MiniBatchOptions,
): AsyncGenerator<MiniBatch> {
  const { splitType, keepSources = false } = options;
  if (splitType === 'None') {
    yield* wholeObject(chunks, options);
    return;
  }
  const records = splitRecords(chunks, createSplitter({ ...splitterLimits(options), splitType }));
  const take = options.filterInput ? filtered(options, options.filterInput) : undefined;
  if (options.strategy === 'SingleRecord') {
    for await (const group of records) {
      for (const record of group) {
        const { bytes, line } = record;
        yield { body: take ? take(record) : bytes, lines: [line], sources: keepSources ? [bytes] : [] };
      }
    }
    return;
  }
  yield* fullBatches(records, options, splitType === 'Line' ? NEWLINE : NOTHING, take);
}

/** A record that is filtered may be larger than a payload before that. */
function splitterLimits(options: MiniBatchOptions): MiniBatchOptions {
  if (!options.filterInput) return options;
  return { ...options, maxPayloadBytes: mebibytes(LIMITS.batchMaxPayloadMb.value) };
}

function filtered(
  { maxPayloadBytes }: MiniBatchOptions,
  filterInput: (record: Uint8Array) => Uint8Array,
): (record: SourceRecord) => Uint8Array {
  return ({ bytes, line, byteOffset }) => {
    const sent = atLine(line, () => filterInput(bytes));
    if (sent.length <= maxPayloadBytes) return sent;
    throw new TwinvecError(
      'PayloadTooLarge',
      `line ${line} (byte offset ${byteOffset}): after the filter the record has ${sent.length} bytes and the payload limit is ${maxPayloadBytes}. Raise MaxPayloadInMB or shorten the record.`,
    );
  };
}

async function* wholeObject(chunks: AsyncIterable<Uint8Array>, options: MiniBatchOptions): AsyncGenerator<MiniBatch> {
  const { maxPayloadBytes, filterInput, keepSources } = options;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > splitterLimits(options).maxPayloadBytes) throw objectTooLarge(maxPayloadBytes);
    parts.push(chunk);
  }
  if (bytes === 0) return;
  const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
  const body = filterInput ? filterInput(whole) : whole;
  if (body.length > maxPayloadBytes) throw objectTooLarge(maxPayloadBytes);
  yield { body, lines: [1], sources: keepSources ? [whole] : [] };
}

function objectTooLarge(maxPayloadBytes: number): TwinvecError {
  return new TwinvecError(
    'PayloadTooLarge',
    `the object is larger than the payload limit of ${maxPayloadBytes} bytes and SplitType None may not split it. Raise MaxPayloadInMB or use another SplitType.`,
  );
}

async function* fullBatches(
  groups: AsyncIterable<readonly SourceRecord[]>,
  { maxPayloadBytes, keepSources }: MiniBatchOptions,
  separator: Uint8Array,
  take: ((record: SourceRecord) => Uint8Array) | undefined,
): AsyncGenerator<MiniBatch> {
  let parts: Uint8Array[] = [];
  let lines: number[] = [];
  let sources: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): MiniBatch => {
    const batch = { body: Buffer.concat(parts, bytes), lines, sources };
    parts = [];
    lines = [];
    sources = [];
    bytes = 0;
    return batch;
  };
  for await (const group of groups) {
    for (const record of group) {
      const sent = take ? take(record) : record.bytes;
      if (lines.length > 0 && bytes + separator.length + sent.length > maxPayloadBytes) yield flush();
      if (lines.length > 0) {
        parts.push(separator);
        bytes += separator.length;
      }
      parts.push(sent);
      lines.push(record.line);
      if (keepSources) sources.push(record.bytes);
      bytes += sent.length;
    }
  }
  if (lines.length > 0) yield flush();
}
