/**
 * `object2vec.json`, the small file beside the SavedModel: what a server, a validator or a person needs to know about
 * a trained pair model without opening its graph.
 */
import * as z from 'zod';
import { LIMITS } from '#core/limits.ts';
import { unknownWordsSchema, vocabularyFileName } from '#core/text/text-settings.ts';
import { tokenizerRulesSchema } from '#core/text/tokenizer.ts';

const count = z.int().min(1);

const InputSchema = z.strictObject({
  vocabularySize: z.int().min(2).max(LIMITS.vocabularySize.value),
  maxSeqLen: z.int().min(1).max(LIMITS.sequenceLength.value),
  /** A file of the version folder's `assets`, one JSON object, word to id; absent when the model knows ids only. */
  vocabulary: vocabularyFileName.optional(),
});

export const Object2VecManifest = z.strictObject({
  format: z.literal('twinvec-object2vec'),
  formatVersion: z.literal(1),
  inputs: z.strictObject({ in0: InputSchema, in1: InputSchema }),
  /** How text becomes words and ids; present when an input has a vocabulary. */
  text: z.strictObject({ tokenizer: tokenizerRulesSchema, unknownWords: unknownWordsSchema }).optional(),
  /** Length of one embedding. */
  encodingDim: count,
  output: z.strictObject({ kind: z.enum(['softmax', 'mean_squared_error']), width: count }),
  /** The epoch whose weights these are; absent when training had no validation channel to choose by. */
  best: z.strictObject({ epoch: z.int().min(0), metric: z.string(), value: z.number() }).optional(),
  /** As given to the job, defaults filled in. */
  hyperparameters: z.record(z.string(), z.string()),
  /** Every tensor of the variables bundle. */
  tensors: z.array(z.strictObject({ name: z.string(), shape: z.array(count) })),
});

export type Object2VecManifest = z.infer<typeof Object2VecManifest>;

export const MANIFEST_FILE = 'object2vec.json';
