import { describe, expect, it } from 'vitest';
import { type DataProcessingFields, readDataProcessing } from '#core/batch/processing/data-processing.ts';

const CSV: DataProcessingFields = {
  contentType: 'text/csv',
  accept: 'text/csv',
  splitType: 'Line',
  assembleWith: 'Line',
};
const JSON_DOCUMENT: DataProcessingFields = { contentType: 'application/json', accept: 'application/json' };

describe('what a job asks to be done with its records', () => {
  it('is nothing when the filters are $ and nothing is joined, whatever the media types', () => {
    expect(
      readDataProcessing({ inputFilter: '$', outputFilter: '$', joinSource: 'None', contentType: 'image/png' }),
    ).toBeUndefined();
  });

  it.each<[DataProcessingFields]>([
    [{ ...CSV, inputFilter: '$[1:]', joinSource: 'Input', outputFilter: '$[0,-1]' }],
    [{ ...JSON_DOCUMENT, inputFilter: '$.features' }],
    [{ ...JSON_DOCUMENT, splitType: 'Line', assembleWith: 'Line', joinSource: 'Input' }],
    [{ ...CSV, contentType: 'text/csv; charset=utf-8', generateInferenceId: true }],
    [{ ...CSV, accept: undefined, joinSource: 'Input' }],
  ])('takes %j', (fields) => {
    expect(readDataProcessing(fields)).toBeDefined();
  });

  it.each<[DataProcessingFields, RegExp]>([
    [{ ...CSV, inputFilter: '$[1' }, /InputFilter: the JSONPath "\$\[1", column 4: expected , or \]/],
    [{ ...CSV, inputFilter: '$.a' }, /InputFilter: the filter \$\.a: a CSV row is an array/],
    [{ ...CSV, outputFilter: '$[0][1]' }, /OutputFilter: the filter/],
    [{ ...CSV, contentType: 'image/png', inputFilter: '$[0]' }, /ContentType must be text\/csv, application\/json or/],
    [{ ...CSV, accept: 'application/json', joinSource: 'Input' }, /must be the same for JoinSource Input/],
    [{ ...CSV, assembleWith: 'None', joinSource: 'Input' }, /SplitType Line and AssembleWith None must be the same/],
    [{ ...CSV, splitType: 'None', assembleWith: 'None', joinSource: 'Input' }, /must be Line for text\/csv/],
    [{ ...CSV, splitType: 'TFRecord', joinSource: 'Input' }, /SplitType TFRecord has no rows/],
    [{ ...CSV, joinSource: 'Input', maxPayloadMb: 0 }, /MaxPayloadInMB 0 streams objects/],
    [{ ...CSV, contentType: undefined, accept: undefined, generateInferenceId: true }, /Accept must be/],
  ])('refuses %j', (fields, problem) => {
    expect(() => readDataProcessing(fields)).toThrow(problem);
  });

  it('lists every problem at once', () => {
    expect(() => readDataProcessing({ inputFilter: 'a', outputFilter: '$[' })).toThrow(
      /InputFilter: .*; OutputFilter: /,
    );
  });
});
