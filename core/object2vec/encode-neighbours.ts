/**
 * The nearest candidates as response bytes, in the layouts of predictions:
 * `{"neighbours":[{"record":7,"id":"sku-7","score":0.93},...]}` for each record, `id` only when candidates have names.
 */
import type { RecordFailure } from '#core/batch/record-failure.ts';
import { FLOAT_BYTES, writeFloats } from '#core/json/float-writer.ts';
import { encodeRecords } from './encode-predictions.ts';

export interface NeighbourAnswers {
  /** Good rows. */
  readonly rows: number;
  /** Neighbours of each row. */
  readonly k: number;
  /** [rows x k] candidates, best first. */
  readonly candidates: Int32Array;
  /** [rows x k] */
  readonly scores: Float32Array;
  readonly failures: readonly RecordFailure[];
}

/** How candidates are called. */
export interface CandidateNames {
  /** The record that each candidate came from. */
  readonly records: Int32Array;
  /** JSON strings one after the other, each with the byte after its end; absent when candidates have no names. */
  readonly ids?: { readonly bytes: Uint8Array; readonly ends: Uint32Array };
}

/** Usual bytes of a neighbour without its id: a first guess of the response's size. */
const USUAL_BYTES = 40;
const OPEN = Buffer.from('{"neighbours":[');
const CLOSE = Buffer.from(']}');
const RECORD = Buffer.from('{"record":');
const NEXT_RECORD = Buffer.from(',{"record":');
const ID = Buffer.from(',"id":');
const SCORE = Buffer.from(',"score":');
const END = Buffer.from('}');

/** `mediaType` is one of MEDIA_TYPES; scores are finite. */
export function encodeNeighbours(answers: NeighbourAnswers, names: CandidateNames, mediaType: string): Buffer {
  const { rows, k, candidates, scores, failures } = answers;
  const { records, ids } = names;
  return encodeRecords({ rows, failures, bytes: rows * (k * USUAL_BYTES + 24) }, mediaType, (writer, row) => {
    writer.append(OPEN);
    for (let at = row * k; at < (row + 1) * k; at++) {
      const candidate = candidates[at]!;
      writer.append(at === row * k ? RECORD : NEXT_RECORD);
      writer.appendText(String(records[candidate]!));
      if (ids) {
        writer.append(ID);
        writer.append(ids.bytes.subarray(candidate === 0 ? 0 : ids.ends[candidate - 1]! + 1, ids.ends[candidate]!));
      }
      writer.append(SCORE);
      writer.reserve(FLOAT_BYTES);
      writer.length = writeFloats(writer.bytes, writer.length, scores, at, at + 1);
      writer.append(END);
    }
    writer.append(CLOSE);
  });
}
