/** Which files of words hold for which encoder. */
import { describe, expect, it } from 'vitest';
import { parseHyperparameters, settingsFromEffective } from '#core/object2vec/parse-hyperparameters.ts';
import { refusalOf } from '../refusal.ts';

const SIZES = { enc0_vocab_size: '100', enc0_max_seq_len: '10' };
const APART = { ...SIZES, enc1_network: 'pooled_embedding', enc1_vocab_size: '100', enc1_max_seq_len: '10' };
const TIED = { tied_token_embedding_weight: 'true', enc1_token_embedding_dim: '300' };
const ZERO = { enc0_vocab_file: 'v.json', enc0_pretrained_embedding_file: 'g.txt' };
const wordsOf = (given: Record<string, string>) => parseHyperparameters(given).settings.words;
const frozen = { vocabulary: 'v.json', pretrained: { file: 'g.txt', frozen: true } };
const trained = { vocabulary: 'v.json', pretrained: { file: 'g.txt', frozen: false } };

describe('files of words', () => {
  it.each<[string, Record<string, string>, unknown, unknown]>([
    ['none', SIZES, {}, {}],
    ['of encoder 0, which encoder 1 copies', { ...SIZES, ...ZERO }, frozen, frozen],
    ['of encoder 0 alone', { ...APART, ...ZERO }, frozen, {}],
    ['with an empty name, which is none', { ...SIZES, ...ZERO, enc1_vocab_file: '' }, frozen, frozen],
    ['not frozen on one side', { ...SIZES, ...ZERO, enc0_freeze_pretrained_embedding: 'False' }, trained, trained],
    ['frozen on one side', { ...SIZES, ...ZERO, enc1_freeze_pretrained_embedding: 'false' }, frozen, trained],
    ['not copied by an encoder of another size', { ...SIZES, ...ZERO, enc1_vocab_size: '99' }, frozen, {}],
    [
      'set for encoder 1, although it copies',
      { ...SIZES, ...ZERO, enc1_vocab_file: 'w.json' },
      frozen,
      { vocabulary: 'w.json', pretrained: { file: 'g.txt', frozen: true } },
    ],
    [
      'of tied tables, given for the other side',
      { ...SIZES, ...TIED, enc1_vocab_file: 'v.json', enc1_pretrained_embedding_file: 'g.txt' },
      frozen,
      frozen,
    ],
  ])('%s', (_, given, enc0, enc1) => {
    expect(wordsOf(given)).toEqual({ enc0, enc1 });
    expect(settingsFromEffective(parseHyperparameters(given).effective).words).toEqual({ enc0, enc1 });
  });

  it('of another size are said not to be copied', () => {
    const { notes } = parseHyperparameters({ ...SIZES, ...ZERO, enc1_vocab_size: '99' });
    expect(notes).toContain('enc0_vocab_file is not used for in1, because enc1_vocab_size=99 is another size.');
  });

  it.each<[Record<string, string>, string]>([
    [{ enc0_pretrained_embedding_file: 'g.txt' }, 'enc0_pretrained_embedding_file = "g.txt": needs enc0_vocab_file'],
    [{ ...APART, enc1_pretrained_embedding_file: 'g.txt' }, 'needs enc1_vocab_file'],
    [
      { ...TIED, ...ZERO, enc1_vocab_file: 'w.json' },
      'enc0_vocab_file and enc1_vocab_file differ, and there is one table',
    ],
    [{ ...TIED, ...ZERO, enc1_pretrained_embedding_file: 'h.txt' }, 'enc1_pretrained_embedding_file differ'],
    [
      { ...TIED, ...ZERO, enc0_freeze_pretrained_embedding: 'true', enc1_freeze_pretrained_embedding: 'false' },
      'enc0_freeze_pretrained_embedding and enc1_freeze_pretrained_embedding differ',
    ],
  ])('%j are refused', (given, message) => {
    expect(refusalOf(() => parseHyperparameters({ ...SIZES, ...given }))).toMatchObject({
      code: 'InvalidHyperparameters',
      message: expect.stringContaining(message),
    });
  });
});
