/**
 * Text to words. The rules have a version, because a model understands text only when it is cut exactly as in training:
 * a change to what either way of cutting yields needs a new version, with the old one kept.
 */
import * as z from 'zod';

export const TOKENIZER_VERSION = 1;

/** As stored beside a vocabulary. */
export const tokenizerRulesSchema = z.strictObject({
  version: z.literal(TOKENIZER_VERSION),
  /**
   * `words`: runs of letters, marks and numbers; everything else separates and is dropped.
   * `blanks`: whatever stands between white space, for ids and for text that is tokenised already.
   */
  split: z.enum(['words', 'blanks']),
  lowerCase: z.boolean(),
});

export type TokenizerRules = z.infer<typeof tokenizerRulesSchema>;

/** A letter or number, then its marks: after NFC a mark is left only where Unicode has no composed letter. */
const WORDS = /[\p{L}\p{M}\p{N}]+/gu;
/** White_Space as Unicode has it, which is what `\s` means but for the byte order mark. */
const BLANKS = /[^\s]+/gu;

/**
 * Composes the text (Unicode NFC), lowers it when the rules say so (without regard to a locale), and cuts it.
 *
 * @example
 * tokenize("It's 3.5 °C", { version: 1, split: 'words', lowerCase: true }) // ['it', 's', '3', '5', 'c']
 */
export function tokenize(text: string, rules: TokenizerRules): string[] {
  return composed(text, rules).match(pattern(rules)) ?? [];
}

/** The same words, one after the other: a text of any length costs no list of them. */
export function* eachWord(text: string, rules: TokenizerRules): Generator<string> {
  for (const [word] of composed(text, rules).matchAll(pattern(rules))) yield word;
}

function composed(text: string, { lowerCase }: TokenizerRules): string {
  const normal = text.normalize('NFC');
  return lowerCase ? normal.toLowerCase() : normal;
}

const pattern = ({ split }: TokenizerRules): RegExp => (split === 'words' ? WORDS : BLANKS);
