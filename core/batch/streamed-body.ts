/**
 * MaxPayloadInMB 0: a request body of any size, sent in chunks as it is read (spec sagemaker 1.3, 2.3). The records are
 * those that mini-batches would hold; the body is never there as a whole.
 */
import { LIMITS } from '#core/limits.ts';
import { splitRecords } from './record-splitter.ts';
import { createSplitter, type SplitType } from './split-types.ts';

export interface StreamedBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Records in the chunks that were read so far. */
  readonly records: () => number;
}

const NEWLINE = Uint8Array.of(0x0a);

/** All records of an object as the body of one request. @throws what {@link createSplitter} throws, while it is read */
export function streamedBody(object: AsyncIterable<Uint8Array>, splitType: SplitType): StreamedBody {
  let records = 0;

  async function* whole(): AsyncGenerator<Uint8Array> {
    for await (const chunk of object) {
      if (chunk.length === 0) continue;
      records = 1;
      yield chunk;
    }
  }

  async function* split(type: Exclude<SplitType, 'None'>): AsyncGenerator<Uint8Array> {
    const maxPayloadBytes = LIMITS.batchStreamedRecord.value;
    const splitter = createSplitter({ splitType: type, strategy: 'MultiRecord', maxPayloadBytes });
    for await (const group of splitRecords(object, splitter)) {
      const parts: Uint8Array[] = [];
      for (const { bytes } of group) {
        if (type === 'Line' && records > 0) parts.push(NEWLINE);
        parts.push(bytes);
        records += 1;
      }
      yield Buffer.concat(parts);
    }
  }

  return { chunks: splitType === 'None' ? whole() : split(splitType), records: () => records };
}
