/** Text in the place of ids: strings and arrays of words, for models with a vocabulary and for those without. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeInferenceRequest } from '#core/object2vec/codec.ts';
import type { DecodeOptions } from '#core/object2vec/inference-request.ts';
import { createTextReader, UNREAD_TEXT } from '#core/text/text-reader.ts';
import { Vocabulary } from '#core/text/vocabulary.ts';
import { BATCH, decode, decodeLines, OPTIONS, refusal, refusalOfLines, rowsOf } from './decoding.ts';

const WORDS = ['<unk>', 'a', 'small', 'guitar', 'Ångström', '𝄞', 'new york'];
const vocabulary = new Vocabulary(new Map(WORDS.map((word, id) => [word, id])));
const text = createTextReader(vocabulary, {
  tokenizer: { version: 1, split: 'words', lowerCase: false },
  unknownWords: 'mark',
});
const READS: DecodeOptions = { ...OPTIONS, in0: { ...OPTIONS.in0, text }, in1: { ...OPTIONS.in1, text } };

describe('a request for a model with a vocabulary', () => {
  it('may hold text, words or ids, record by record and field by field', () => {
    const records = [
      '{"in0":"a small guitar","in1":[4,5]}',
      '{"in0":[1,2],"in1":"guitar"}',
      '{"in0":["new york", "a"],"in1":["guitar"]}',
      '{"in0" : "a\\u0020SMALL, guitar!" , "in1":[ "a" ]}',
    ];
    const in0 = [
      [1, 2, 3],
      [1, 2],
      [6, 1],
      [1, 0, 3],
    ];
    const in1 = [[4, 5], [3], [3], [1]];
    const json = decode(`{"instances":[${records.join()}]}`, 'application/json', READS);
    const lines = decodeLines(records.join('\n'), READS);
    for (const request of [json, lines]) {
      expect(rowsOf(request.in0)).toEqual(in0);
      expect(rowsOf(request.in1)).toEqual(in1);
    }
  });

  it('reads escapes, surrogate pairs and decomposed letters as the characters that they are', () => {
    const request = decodeLines('{"in0":"\\u0041\\u030Angstr\\u00f6m"}\n{"in0":["\\ud834\\udd1e"]}', READS);
    expect(rowsOf(request.in0)).toEqual([[4], [5]]);
  });

  it('cuts text to the longest sequence, or to what the request says', () => {
    const body = `{"instances":[{"in0":"${'guitar '.repeat(200)}"}]}`;
    expect(rowsOf(decode(body, 'application/json', READS).in0)![0]).toHaveLength(50);
    expect(rowsOf(decode(body, 'application/json; infer_max_seqlens=3,3', READS).in0)).toEqual([[3, 3, 3]]);
  });

  it('is the same as one with the ids of its words', () => {
    const sequence = fc.array(fc.nat({ max: WORDS.length - 1 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(fc.tuple(sequence, sequence), { minLength: 1, maxLength: 5 }), (pairs) => {
        const asText = pairs.map(([in0, in1]) => ({
          in0: in0.map((id) => WORDS[id]!),
          in1: in1.map((id) => WORDS[id]!),
        }));
        const body = JSON.stringify({ instances: asText });
        const ids = encodeInferenceRequest(
          pairs.map(([in0, in1]) => ({ in0, in1 })),
          'application/json',
        );
        expect(decode(body, 'application/json', READS)).toEqual(decode(ids, 'application/json', READS));
      }),
    );
  });

  it.each([
    ['{"in0":""}', 'EmptySequence', 'Record 1: in0 has no word'],
    ['{"in0":" .,!"}', 'EmptySequence', 'Record 1: in0 has no word'],
    ['{"in0":[]}', 'EmptySequence', 'in0 is empty'],
    ['{"in0":["a",1]}', 'InvalidTokenId', 'Record 1, in0[1]: "1" stands among words'],
    ['{"in0":["a",["b"]]}', 'InvalidTokenId', 'stands among words'],
    ['{"in0":[1,"a"]}', 'InvalidTokenId', 'Record 1, in0[1]'],
    ['{"in0":["a" "b"]}', 'MalformedJson', 'expected a comma or ]'],
    ['{"in0":["a",]}', 'MalformedJson', 'expected'],
    ['{"in0":"\\ud834"}', 'MalformedJson', 'the second half of a surrogate pair'],
    ['{"in0":"a}', 'MalformedJson', 'the closing quote'],
    ['{"in0":"a\tb"}', 'MalformedJson', 'no control characters'],
    ['{"in0":{"a":1}}', 'InvalidRecord', 'not an array of token ids or text'],
  ])('is refused with %s', (record, code, message) => {
    const error = refusal(`{"instances":[{"in0":"a"},${record}]}`, 'application/json', READS);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('is refused with bytes that are not UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"in0":"a'), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]);
    expect(refusalOfLines(body, READS)).toMatchObject({ code: 'MalformedJson' });
  });

  it('keeps the good lines of a batch beside bad text', () => {
    const options = { ...BATCH, in0: READS.in0, in1: READS.in1 };
    const { rows, failures, in0 } = decodeLines('{"in0":"a"}\n{"in0":"..."}\n{"in0":["a",2]}\n{"in0":[2]}\n', options);
    expect(rows).toBe(2);
    expect(rowsOf(in0)).toEqual([[1], [2]]);
    expect(failures.map(({ record, error }) => [record, error.code])).toEqual([
      [1, 'EmptySequence'],
      [2, 'InvalidTokenId'],
    ]);
  });

  it('leaves words out that have no id, where the vocabulary has no <unk>, down to nothing', () => {
    const few = createTextReader(new Vocabulary(new Map([['a', 1]])), {
      tokenizer: { version: 1, split: 'words', lowerCase: false },
      unknownWords: 'mark',
    });
    const options = { ...OPTIONS, in0: { ...OPTIONS.in0, text: few } };
    expect(rowsOf(decodeLines('{"in0":"b a b"}', options).in0)).toEqual([[1]]);
    expect(refusalOfLines('{"in0":"b b"}', options)).toMatchObject({ code: 'EmptySequence', status: 422 });
  });
});

describe('a request for a model without a vocabulary', () => {
  it.each(['"a small guitar"', '"\\u0061"'])('with %s is told what to do', (value) => {
    expect(refusal(`{"instances":[{"in0":[1],"in1":[2]},{"in0":[1],"in1":${value}}]}`)).toMatchObject({
      code: 'NoVocabulary',
      status: 422,
      record: 1,
      message: expect.stringMatching(
        /^Record 1: in1 is text, ".*", and the model has no vocabulary for in1; send token ids, or train it with enc1_vocab_file$/,
      ),
    });
  });

  it('with ids in quotes is told which of them is no id', () => {
    expect(refusal('{"instances":[{"in0":["7","8"]}]}')).toMatchObject({
      code: 'InvalidTokenId',
      message: expect.stringContaining('Record 0, in0[0]: "\\"7\\"" is not a token id'),
    });
  });

  it('becomes a placeholder in a batch', () => {
    const { rows, failures } = decodeLines('{"in0":[1]}\n{"in0":"text"}\n', BATCH);
    expect(rows).toBe(1);
    expect(failures[0]).toMatchObject({ record: 1, error: { code: 'NoVocabulary' } });
  });
});

it('passes any well-formed text where only the form is checked', () => {
  const options = { ...OPTIONS, in0: { ...OPTIONS.in0, text: UNREAD_TEXT } };
  expect(decodeLines('{"in0":"any"}\n{"in0":["a","b"]}\n{"in0":[3,4]}', options).rows).toBe(3);
  expect(refusalOfLines('{"in0":["a",1]}', options)).toMatchObject({ code: 'InvalidTokenId' });
});
