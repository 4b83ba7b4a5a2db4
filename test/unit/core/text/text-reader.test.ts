/** Text to ids when serving: the same as prepare makes of it, from shared memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextReader } from '#core/text/text-reader.ts';
import { eachWord, type TokenizerRules, tokenize } from '#core/text/tokenizer.ts';
import { Vocabulary } from '#core/text/vocabulary.ts';
import { WordTable } from '#core/text/word-table.ts';

const anyText = fc.string({ unit: 'binary' });
const anyRules = fc.record<TokenizerRules>({
  version: fc.constant(1),
  split: fc.constantFrom('words', 'blanks'),
  lowerCase: fc.boolean(),
});

describe('a table of words in shared memory', () => {
  it('knows every word of its vocabulary and no other', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(anyText, fc.constant('__proto__'))), fc.array(anyText), (words, others) => {
        const vocabulary = new Vocabulary(new Map(words.map((word, n) => [word, 3 * n])));
        const table = new WordTable(WordTable.of(vocabulary).parts);
        for (const word of [...words, ...others]) expect(table.idOf(word)).toBe(vocabulary.idOf(word));
      }),
    );
  });

  it('holds many words, whose memory is shared', () => {
    const vocabulary = new Vocabulary(new Map(Array.from({ length: 50_000 }, (_, n) => [`word${n}`, n])));
    const { parts } = WordTable.of(vocabulary);
    const table = new WordTable(parts);
    expect(Array.from({ length: 50_000 }, (_, n) => table.idOf(`word${n}`)).every((id, n) => id === n)).toBe(true);
    expect(parts.slots.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(parts.units.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.each([32_767, 32_768, 50_000])('takes 16 to 24 bytes of each of %i words, and two of each letter', (count) => {
    const words = Array.from({ length: count }, (_, n) => String(100_000 + n));
    const { slots, starts, units, ids } = WordTable.of(
      new Vocabulary(new Map(words.map((word, n) => [word, n]))),
    ).parts;
    expect(units.byteLength).toBe(2 * 6 * count);
    const others = slots.byteLength + starts.byteLength + ids.byteLength;
    expect(others / count).toBeGreaterThan(15.9);
    expect(others / count).toBeLessThan(24.1);
  });
});

describe('a reader of text', () => {
  it('makes the ids that prepare makes, cut to the longest sequence', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.array(anyText),
        anyRules,
        fc.constantFrom<'mark' | 'drop'>('mark', 'drop'),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        (text, words, tokenizer, unknownWords, hasUnknown, most) => {
          // Prepare
          const known = [...(hasUnknown ? ['<unk>'] : []), ...tokenize(words.join(' '), tokenizer)];
          const vocabulary = new Vocabulary(new Map([...new Set(known)].map((word, id) => [word, id])));
          const reader = createTextReader(WordTable.of(vocabulary), { tokenizer, unknownWords });
          const whole = `${text} ${words.join(' ')}`;

          // Act
          const ids = reader.idsOfText(whole, most);

          // Assess
          expect(ids).toEqual(vocabulary.encode(tokenize(whole, tokenizer), unknownWords).slice(0, most));
          expect(reader.idsOfWords(words, most)).toEqual(vocabulary.encode(words, unknownWords).slice(0, most));
        },
      ),
    );
  });

  it('cuts text into the same words one by one as at once', () => {
    fc.assert(
      fc.property(anyText, anyRules, (text, rules) => {
        expect([...eachWord(text, rules)]).toEqual(tokenize(text, rules));
      }),
    );
  });
});
