/**
 * The candidates that a model carries for neighbours through its endpoint: the folder `neighbours/` beside the version
 * folder, with `index.json`, `embeddings.f32` ([rows x width] float32, little endian), `records.i32` (the record of each
 * row, little endian) and, when candidates have names, `ids.jsonl` (one JSON string a row).
 */
import * as z from 'zod';

export const NEIGHBOURS_FOLDER = 'neighbours';
export const NEIGHBOUR_FILES = {
  index: 'index.json',
  embeddings: 'embeddings.f32',
  records: 'records.i32',
  ids: 'ids.jsonl',
} as const;

export const NeighbourIndexFile = z.strictObject({
  format: z.literal('twinvec-neighbours'),
  formatVersion: z.literal(1),
  rows: z.int().min(1),
  width: z.int().min(1),
  /** Whether candidates have names. */
  ids: z.boolean(),
});

export type NeighbourIndexFile = z.infer<typeof NeighbourIndexFile>;
