/** Words to token ids, in order of frequency. Id 0 stands for every word that is too rare to learn. */
export const UNKNOWN_ID = 0;

export interface Vocabulary {
  /** Number of ids, the unknown one included: what `enc0_vocab_size` must be. */
  readonly size: number;
  /** By id; the first, of id 0, is none. */
  readonly words: readonly string[];
  encode(tokens: readonly string[]): number[];
}

/** Lower-cased runs of letters and digits. */
export function tokenize(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Keeps tokens seen at least `minCount` times, most frequent first (ties by spelling, so that runs agree). */
export function buildVocabulary(texts: Iterable<readonly string[]>, minCount: number): Vocabulary {
  const counts = new Map<string, number>();
  for (const tokens of texts) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  const kept = [...counts].filter(([, count]) => count >= minCount);
  kept.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const ids = new Map(kept.map(([token], position) => [token, position + 1]));
  return {
    size: ids.size + 1,
    words: ['', ...ids.keys()],
    encode(tokens) {
      const known = tokens.map((token) => ids.get(token)).filter((id) => id !== undefined);
      return known.length > 0 ? known : [UNKNOWN_ID];
    },
  };
}
