/**
 * Text to token ids as a model learned it: cut, looked up, unknown words by its rule. What decoding calls where a record
 * holds text instead of ids.
 */
import type { TextSettings } from './text-settings.ts';
import { eachWord, TOKENIZER_VERSION } from './tokenizer.ts';
import { encodeWords, type WordIds } from './vocabulary.ts';

export type TextRules = Pick<TextSettings, 'tokenizer' | 'unknownWords'>;

/**
 * For a vocabulary that comes without `text.json`: whoever made it has cut the text, so all that is left to do here is to
 * take what stands between blanks.
 */
export const DEFAULT_TEXT_RULES: TextRules = {
  tokenizer: { version: TOKENIZER_VERSION, split: 'blanks', lowerCase: false },
  unknownWords: 'mark',
};

/** Both answer at most `most` ids, and none when there is no word or none that has an id. */
export interface TextReader {
  idsOfText(text: string, most: number): readonly number[];
  /** Words that are cut already; taken as they are. */
  idsOfWords(words: Iterable<string>, most: number): readonly number[];
}

export function createTextReader(vocabulary: WordIds, { tokenizer, unknownWords }: TextRules): TextReader {
  return {
    idsOfText: (text, most) => encodeWords(eachWord(text, tokenizer), vocabulary, unknownWords, most),
    idsOfWords: (words, most) => encodeWords(words, vocabulary, unknownWords, most),
  };
}

/** For those who check requests without having the vocabulary: whatever is well-formed text passes, as one id. */
export const UNREAD_TEXT: TextReader = {
  idsOfText: () => [0],
  idsOfWords: (words) => {
    for (const _ of words);
    return [0];
  },
};
