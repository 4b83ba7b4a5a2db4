/**
 * Words to token ids. The file form is AWS's (Object2Vec's `enc0_vocab_file`): one JSON object, word to id.
 */
import type { WordCounts } from './word-counts.ts';

/** Stands for every word that the vocabulary does not hold. */
export const UNKNOWN_WORD = '<unk>';
/** Fills sequences up in pipelines that need one length; Twinvec never needs it. Always id 0 when it is there. */
export const PADDING_WORD = '<pad>';

/** `mark`: each unknown word becomes the unknown id. `drop`: it vanishes, unless nothing else is left. */
export type UnknownWords = 'mark' | 'drop';

/** What knows the ids of words. */
export interface WordIds {
  /** Undefined without `<unk>`: unknown words can then only be dropped. */
  readonly unknownId: number | undefined;
  idOf(word: string): number | undefined;
}

/**
 * The ids of `words`, at most the first `most` of them. When all of them are unknown and dropped, one unknown id stands
 * for the text, so that no text with a word becomes an empty sequence (unless there is no `<unk>`).
 */
export function encodeWords(
  words: Iterable<string>,
  vocabulary: WordIds,
  unknown: UnknownWords,
  most = Number.POSITIVE_INFINITY,
): number[] {
  const { unknownId } = vocabulary;
  const instead = unknown === 'mark' ? unknownId : undefined;
  const encoded: number[] = [];
  let hadWords = false;
  for (const word of words) {
    hadWords = true;
    const id = vocabulary.idOf(word) ?? instead;
    if (id !== undefined && encoded.length < most) encoded.push(id);
  }
  if (encoded.length === 0 && hadWords && unknownId !== undefined) encoded.push(unknownId);
  return encoded;
}

export interface VocabularyRules {
  /** Words seen less often are unknown. */
  readonly minCount: number;
  /** Most ids, the reserved ones included. */
  readonly maxSize: number;
  readonly padding: boolean;
}

export class Vocabulary implements WordIds {
  readonly ids: ReadonlyMap<string, number>;
  /** What `enc0_vocab_size` must be: the highest id and one. */
  readonly size: number;
  readonly unknownId: number | undefined;

  constructor(ids: ReadonlyMap<string, number>) {
    this.ids = ids;
    let highest = -1;
    for (const id of ids.values()) highest = Math.max(highest, id);
    this.size = highest + 1;
    this.unknownId = ids.get(UNKNOWN_WORD);
  }

  idOf(word: string): number | undefined {
    return this.ids.get(word);
  }

  encode(words: readonly string[], unknown: UnknownWords): number[] {
    return encodeWords(words, this, unknown);
  }
}

/** Most frequent first; words seen equally often in the order of their spelling, so that runs agree. */
export function buildVocabulary(counts: WordCounts, { minCount, maxSize, padding }: VocabularyRules): Vocabulary {
  const reserved = padding ? [PADDING_WORD, UNKNOWN_WORD] : [UNKNOWN_WORD];
  const kept: [string, number][] = [];
  for (const entry of counts.entries()) {
    if (entry[1] >= minCount && entry[0] !== UNKNOWN_WORD && entry[0] !== PADDING_WORD) kept.push(entry);
  }
  kept.sort(([one, countOne], [other, countOther]) => countOther - countOne || (one < other ? -1 : 1));
  const ids = new Map<string, number>(reserved.map((word, id) => [word, id]));
  for (const [word] of kept.slice(0, Math.max(0, maxSize - reserved.length))) ids.set(word, ids.size);
  return new Vocabulary(ids);
}

/** How often each id will occur in what was counted; everything outside the vocabulary is the unknown word's. */
export function countIds({ ids, size, unknownId }: Vocabulary, counts: WordCounts): Float64Array {
  const perId = new Float64Array(size);
  let known = 0;
  for (const [word, count] of counts.entries()) {
    const id = ids.get(word);
    if (id === undefined || id === unknownId) continue;
    perId[id]! += count;
    known += count;
  }
  if (unknownId !== undefined) perId[unknownId] = counts.total - known;
  return perId;
}

/** The file, one word a line, in pieces: at 3,000,000 words it is too much for one comfortable string. */
export function* formatVocabulary({ ids }: Vocabulary): Generator<string> {
  let separator = '{\n';
  for (const [word, id] of ids) {
    yield `${separator}${JSON.stringify(word)}: ${id}`;
    separator = ',\n';
  }
  yield ids.size === 0 ? '{}\n' : '\n}\n';
}
