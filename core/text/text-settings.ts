/**
 * `text.json`: how the text behind a set of token ids was read, kept beside the vocabulary files, so that other text can
 * be read in the same way later.
 */
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { tokenizerRulesSchema } from './tokenizer.ts';

export const TEXT_SETTINGS_FILE = 'text.json';

/** Names that `enc0_vocab_file` takes (AWS: `[A-Za-z0-9._]`). */
export const vocabularyFileName = z.string().regex(/^(?!\.+$)[A-Za-z0-9._]+$/);

export const unknownWordsSchema = z.enum(['mark', 'drop']);

const textSettingsSchema = z.strictObject({
  formatVersion: z.literal(1),
  tokenizer: tokenizerRulesSchema,
  unknownWords: unknownWordsSchema,
  /** The same name twice: both inputs share one vocabulary. */
  vocabularies: z.strictObject({ in0: vocabularyFileName, in1: vocabularyFileName }),
});

export type TextSettings = z.infer<typeof textSettingsSchema>;

/** @throws TwinvecError InvalidTrainingData naming the field that is wrong */
export function parseTextSettings(text: string): TextSettings {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TwinvecError('InvalidTrainingData', `${TEXT_SETTINGS_FILE} is not JSON.`, { cause });
  }
  const checked = textSettingsSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const { path, message } = checked.error.issues[0]!;
  throw new TwinvecError('InvalidTrainingData', `${TEXT_SETTINGS_FILE}: ${path.join('.')}: ${message}`);
}
