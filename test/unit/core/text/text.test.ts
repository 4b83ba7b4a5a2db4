/** Words, counts, vocabularies and subsampling: what happens to text before a model sees it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandomDraws } from '#core/random/random-draws.ts';
import { Lengths } from '#core/text/lengths.ts';
import { parseVocabulary } from '#core/text/parse-vocabulary.ts';
import { keepProbabilities, subsample } from '#core/text/subsampling.ts';
import { parseTextSettings } from '#core/text/text-settings.ts';
import { type TokenizerRules, tokenize } from '#core/text/tokenizer.ts';
import { buildVocabulary, countIds, formatVocabulary } from '#core/text/vocabulary.ts';
import { WordCounts } from '#core/text/word-counts.ts';

const rules = (over: Partial<TokenizerRules> = {}): TokenizerRules => ({
  version: 1,
  split: 'words',
  lowerCase: false,
  ...over,
});

function counted(...words: string[]): WordCounts {
  const counts = new WordCounts();
  counts.add(words);
  return counts;
}

const DEFAULTS = { minCount: 1, maxSize: 3_000_000, padding: false };

/** These answers are a contract: models that exist were trained on them. */
describe('the tokeniser, version 1', () => {
  it.each([
    ["It's 3.5 °C", {}, ['It', 's', '3', '5', 'C']],
    ['Ärger, ÅNGSTRÖM', { lowerCase: true }, ['ärger', 'ångström']],
    ['A\u030angstro\u0308m', {}, ['Ångström']],
    ['नमस्ते दुनिया', {}, ['नमस्ते', 'दुनिया']],
    ['snake_case a-1', {}, ['snake', 'case', 'a', '1']],
    ['snake_case\u00a0a-1 <unk>\n', { split: 'blanks' }, ['snake_case', 'a-1', '<unk>']],
    [' ?! ', {}, []],
    ['', { split: 'blanks' }, []],
  ] as const)('cuts %j by %j', (text, over, words) => {
    expect(tokenize(text, rules(over))).toEqual(words);
  });

  it('gives back the words that it gave', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('words', 'blanks'), (text, split) => {
        const words = tokenize(text, rules({ split }));
        expect(tokenize(words.join(' '), rules({ split }))).toEqual(words);
      }),
    );
  });
});

describe('counting words', () => {
  it('forgets the rarest when there are too many, and says up to which count', () => {
    // Prepare
    const counts = new WordCounts(3);

    // Act
    counts.add(['a', 'a', 'a', 'b', 'b', 'c', 'd']);

    // Assess
    expect([...counts.entries()]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(counts).toMatchObject({ total: 7, forgottenUpTo: 1, different: 2 });
  });
});

describe('a vocabulary', () => {
  it('orders words by frequency, then spelling, after <unk>', () => {
    const { ids, size } = buildVocabulary(counted('b', 'c', 'a', 'c'), DEFAULTS);
    expect([...ids]).toEqual([
      ['<unk>', 0],
      ['c', 1],
      ['a', 2],
      ['b', 3],
    ]);
    expect(size).toBe(4);
  });

  it('gives 0 to padding when it is asked to, and leaves out rare words and those beyond the size', () => {
    const counts = counted('a', 'a', 'a', 'b', 'b', 'c', 'c', 'd', '<pad>', '<pad>', '<unk>', '<unk>');
    expect([...buildVocabulary(counts, { ...DEFAULTS, padding: true, minCount: 2 }).ids.keys()]).toEqual([
      '<pad>',
      '<unk>',
      'a',
      'b',
      'c',
    ]);
    expect([...buildVocabulary(counts, { ...DEFAULTS, maxSize: 3 }).ids.keys()]).toEqual(['<unk>', 'a', 'b']);
  });

  it('marks unknown words or drops them, but leaves no sequence empty that had words', () => {
    const vocabulary = buildVocabulary(counted('a', 'b'), DEFAULTS);
    expect(vocabulary.encode(['a', 'x', 'b'], 'mark')).toEqual([1, 0, 2]);
    expect(vocabulary.encode(['a', 'x', 'b'], 'drop')).toEqual([1, 2]);
    expect(vocabulary.encode(['x', 'y'], 'drop')).toEqual([0]);
    expect(vocabulary.encode([], 'mark')).toEqual([]);
  });

  it('is the same after it was written and read, whatever the words are', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('__proto__'))), (words) => {
        const vocabulary = buildVocabulary(counted(...words), DEFAULTS);
        const read = parseVocabulary(Buffer.from([...formatVocabulary(vocabulary)].join('')), 'vocabulary.json');
        expect(new Map(read.ids)).toEqual(vocabulary.ids);
        expect(read.size).toBe(vocabulary.size);
      }),
    );
  });

  it.each([
    ['[', 'v.json, line 1: it must hold one JSON object, word to id'],
    ['["a"]', 'v.json, line 1: it must hold one JSON object'],
    ['{"a": 1,\n"b": 2', 'v.json, line 2: not JSON: expected a comma or }, found the end of the body.'],
    ['{"a": 1}\n\n{', 'v.json, line 3: not JSON: expected the end of the body'],
    ['{"a": 1,\n"b": 0,\n"a": 1}', 'v.json, line 3: the word "a" stands twice.'],
    ['{"\\ud800": 1}', 'v.json, line 1: not JSON: expected the second half of a surrogate pair'],
    ['{}', 'v.json holds no words.'],
    ['{"a": 1.5}', 'v.json, line 1: the id of "a" is not a whole number below 3000000.'],
    ['{"b": 0,\n"a": -1}', 'v.json, line 2: the id of "a"'],
    ['{"a": "1"}', 'v.json, line 1: the id of "a"'],
    ['{"a": [[1]]}', 'v.json, line 1: the id of "a"'],
    ['{"a": 3000000}', 'v.json, line 1: the id of "a"'],
  ])('refuses the file %s', (text, message) => {
    expect(() => parseVocabulary(Buffer.from(text), 'v.json')).toThrow(message);
  });

  it('knows how often each id occurs, what it does not hold being unknown', () => {
    const counts = counted('a', 'a', 'a', 'b', 'c');
    expect([...countIds(buildVocabulary(counts, { ...DEFAULTS, minCount: 2 }), counts)]).toEqual([2, 3]);
  });
});

describe('subsampling', () => {
  it("keeps by word2vec's formula, and all of what is rare", () => {
    const keep = keepProbabilities(Float64Array.of(900, 99, 1), 0.01);
    expect(keep[0]).toBeCloseTo((Math.sqrt(0.9 / 0.01) + 1) * (0.01 / 0.9), 12);
    expect(keep[1]).toBeCloseTo((Math.sqrt(0.099 / 0.01) + 1) * (0.01 / 0.099), 12);
    expect(keep[2]).toBe(1);
  });

  it('leaves at least one id, keeps their order, and draws the same for the same seed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 1 }), fc.integer(), (ids, seed) => {
        const keep = Float64Array.of(0.01, 0.5, 1);
        const random = () => createRandomDraws({ seed, stream: 0, turn: 0 }).fraction;
        const once = subsample(ids, keep, random());
        expect(once).toEqual(subsample(ids, keep, random()));
        expect(once.length).toBeGreaterThan(0);
        expect(once.filter((id) => id === 2)).toEqual(ids.filter((id) => id === 2));
        expect(isSubsequence(once, ids)).toBe(true);
      }),
    );
  });
});

function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0;
  for (const id of whole) if (id === part[at]) at += 1;
  return at === part.length;
}

describe('lengths of sequences', () => {
  it('know the longest and what covers a share, beyond every limit too', () => {
    // Prepare
    const lengths = new Lengths();

    // Act
    for (let length = 1; length <= 100; length++) lengths.add(length);
    const covering = [0.5, 0.99, 1].map((share) => lengths.covering(share));
    lengths.add(9_000);

    // Assess
    expect(covering).toEqual([50, 99, 100]);
    expect(lengths.longest).toBe(9_000);
    expect(lengths.covering(1)).toBe(9_000);
  });
});

describe('the settings of a text', () => {
  const settings = {
    formatVersion: 1,
    tokenizer: { version: 1, split: 'words', lowerCase: true },
    unknownWords: 'mark',
    vocabularies: { in0: 'vocabulary.json', in1: 'vocabulary.json' },
  };

  it('are read as they were written', () => {
    expect(parseTextSettings(JSON.stringify(settings))).toEqual(settings);
  });

  it.each([
    ['{', 'text.json is not JSON.'],
    [JSON.stringify({ ...settings, tokenizer: { ...settings.tokenizer, version: 2 } }), 'text.json: tokenizer.version'],
    [JSON.stringify({ ...settings, vocabularies: { in0: '../secret', in1: 'v.json' } }), 'text.json: vocabularies.in0'],
  ])('are refused as %s', (text, message) => {
    expect(() => parseTextSettings(text)).toThrow(message);
  });
});
