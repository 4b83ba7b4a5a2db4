/**
 * Rows written out in a test as a dataset, in either of its forms, and back.
 */
import { tmpdir } from 'node:os';
import { ChannelData } from '../../../../container/src/object2vec/data/channel-data.ts';
import { DataMemory } from '../../../../container/src/object2vec/data/data-memory.ts';
import type { TrainingBatch } from '../../../../container/src/object2vec/training/training-engine.ts';

export type Row = readonly [in0: readonly number[], in1: readonly number[], label: number];

export const FORMS = ['memory', 'file'] as const;
export type Form = (typeof FORMS)[number];

export function datasetOf(rows: readonly Row[], form: Form = 'memory'): ChannelData {
  const memory = new DataMemory(form === 'memory' ? Number.POSITIVE_INFINITY : 0, tmpdir());
  const data = new ChannelData('train', memory);
  // In several blocks, as files arrive.
  for (let from = 0; from < rows.length; from += 7) {
    const part = rows.slice(from, from + 7);
    const columns = {
      in0: tokenRows(part.map(([in0]) => in0)),
      in1: tokenRows(part.map(([, in1]) => in1)),
      labels: Float32Array.from(part, ([, , label]) => label),
    };
    data.append(columns, Math.min(1, (from + 7) / rows.length));
  }
  data.finish(0);
  return data;
}

export function rowsOf({ in0, in1, labels }: TrainingBatch): Row[] {
  return [...labels].map((label, r) => [
    [...in0.ids.subarray(in0.offsets[r], in0.offsets[r + 1])],
    [...in1.ids.subarray(in1.offsets[r], in1.offsets[r + 1])],
    label,
  ]);
}

function tokenRows(sequences: readonly (readonly number[])[]) {
  const offsets = new Int32Array(sequences.length + 1);
  sequences.forEach((ids, row) => {
    offsets[row + 1] = offsets[row]! + ids.length;
  });
  return { ids: Int32Array.from(sequences.flat()), offsets };
}
