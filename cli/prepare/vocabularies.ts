/** The vocabularies of a prepare: counted in the training records of the input, or read from an earlier prepare. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { parseVocabulary } from '#core/text/parse-vocabulary.ts';
import { keepProbabilities } from '#core/text/subsampling.ts';
import { parseTextSettings, TEXT_SETTINGS_FILE, type TextSettings } from '#core/text/text-settings.ts';
import { type TokenizerRules, tokenize } from '#core/text/tokenizer.ts';
import { buildVocabulary, countIds, type Vocabulary } from '#core/text/vocabulary.ts';
import { WordCounts } from '#core/text/word-counts.ts';
import type { PrepareSettings, WordSource } from './settings.ts';
import { createSplit } from './split.ts';
import type { Cell, TextRow } from './text-rows.ts';

export interface InputWords {
  readonly vocabulary: Vocabulary;
  /** Per id, the probability that an occurrence stays; absent: all stay. */
  readonly keep?: Float64Array;
  /** Absent when the vocabulary comes from an earlier prepare. */
  readonly counts?: WordCounts;
}

export interface Vocabularies {
  readonly settings: TextSettings;
  readonly in0: InputWords;
  /** The same object as `in0` when both inputs share one vocabulary. */
  readonly in1: InputWords;
}

export function wordsOf(cell: Cell, rules: TokenizerRules): readonly string[] {
  return typeof cell === 'string' ? tokenize(cell, rules) : cell;
}

/** @param rows the first pass over the input; not used when an earlier prepare's vocabulary is taken. */
export async function makeVocabularies(
  settings: PrepareSettings,
  rows: () => AsyncIterable<readonly TextRow[]>,
): Promise<Vocabularies> {
  if (settings.words.kind === 'earlier') return readEarlier(settings.words.folder);
  const { words } = settings;
  const in0 = new WordCounts();
  const in1 = words.shared ? in0 : new WordCounts();
  const isHeldOut = createSplit(settings.validation, settings.seed);
  for await (const batch of rows()) {
    for (const row of batch) {
      if (isHeldOut()) continue;
      in0.add(wordsOf(row.in0, words.tokenizer));
      if (row.in1 !== undefined) in1.add(wordsOf(row.in1, words.tokenizer));
    }
  }
  return describeCounted(words, in0, in1);
}

type CountedWords = Extract<WordSource, { kind: 'counted' }>;

function describeCounted(words: CountedWords, in0: WordCounts, in1: WordCounts): Vocabularies {
  const first = countedWords(words, in0);
  const second = in0 === in1 ? first : countedWords(words, in1);
  const shared = in0 === in1;
  return {
    settings: {
      formatVersion: 1,
      tokenizer: words.tokenizer,
      unknownWords: words.unknownWords,
      vocabularies: shared
        ? { in0: 'vocabulary.json', in1: 'vocabulary.json' }
        : { in0: 'vocabulary.in0.json', in1: 'vocabulary.in1.json' },
    },
    in0: first,
    in1: second,
  };
}

function countedWords({ vocabulary: rules, subsample }: CountedWords, counts: WordCounts): InputWords {
  const vocabulary = buildVocabulary(counts, rules);
  const keep = subsample === undefined ? undefined : keepProbabilities(countIds(vocabulary, counts), subsample);
  return { vocabulary, counts, ...(keep ? { keep } : {}) };
}

async function readEarlier(folder: string): Promise<Vocabularies> {
  const read = (name: string) =>
    readFile(join(folder, name)).catch((cause: unknown) => {
      const message = `${folder} has no readable ${name}; is it the --output of an earlier prepare?`;
      throw new TwinvecError('InvalidTrainingData', message, { cause });
    });
  const settings = parseTextSettings((await read(TEXT_SETTINGS_FILE)).toString('utf8'));
  const { in0, in1 } = settings.vocabularies;
  const first = { vocabulary: parseVocabulary(await read(in0), in0) };
  return { settings, in0: first, in1: in0 === in1 ? first : { vocabulary: parseVocabulary(await read(in1), in1) } };
}
