/** What the router is told by its environment. */
import * as z from 'zod';
import { LIMITS } from '#core/limits.ts';

const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.int().min(least).max(most));

/** Without the model's own size every id that fits the graph is let through; the container knows better. */
const vocabularySize = wholeNumber(2, LIMITS.vocabularySize.value).optional();
const maxSeqLen = wholeNumber(1, LIMITS.sequenceLength.value).optional();

/** Whether the model has a vocabulary and reads text. */
const text = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .optional();

export const RouterEnvironment = z.object({
  ENDPOINT_NAME: z.string().regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, 'must be the name of an endpoint'),
  /** An HTTP API gives up after 30 s; an answer must be on its way before. */
  DEADLINE_MS: wholeNumber(100, 60_000).default(28_000),
  IN0_VOCABULARY_SIZE: vocabularySize,
  IN1_VOCABULARY_SIZE: vocabularySize,
  IN0_MAX_SEQ_LEN: maxSeqLen,
  IN1_MAX_SEQ_LEN: maxSeqLen,
  IN0_TEXT: text,
  IN1_TEXT: text,
});

export type RouterEnvironment = z.infer<typeof RouterEnvironment>;
