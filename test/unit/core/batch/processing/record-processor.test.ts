import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataProcessingFields, readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { createRecordProcessor } from '#core/batch/processing/record-processor.ts';

const IDS = { nextId: () => '1f1d57b1-2e6f-488c-8c30-db4e6d757861', time: '2022-08-30T00:49:15Z' };
const LINES = { splitType: 'Line', assembleWith: 'Line' } as const;
const CSV = { contentType: 'text/csv', accept: 'text/csv', ...LINES } as const;
const JSONL = { contentType: 'application/jsonlines', accept: 'application/jsonlines', ...LINES } as const;

function processorOf(fields: DataProcessingFields) {
  const { filterInput, finish } = createRecordProcessor(readDataProcessing(fields)!, IDS);
  return {
    sent: (record: string) => Buffer.from(filterInput!(Buffer.from(record))).toString(),
    written: (raw: string, answer: string) => Buffer.from(finish!(Buffer.from(raw), Buffer.from(answer))).toString(),
  };
}

describe('CSV on its way', () => {
  const idAndPrediction = { ...CSV, inputFilter: '$[1:]', joinSource: 'Input', outputFilter: '$[0,-1]' } as const;

  it('sends what the filter selects and writes id and prediction, every column as it was written', () => {
    const { sent, written } = processorOf(idAndPrediction);

    expect(sent('"a, ""b""",1.0, 02,x')).toBe('1.0, 02,x');
    expect(written('"a, ""b""",1.0, 02,x', '0.50')).toBe('"a, ""b""",0.50');
  });

  it('joins the columns of the prediction behind those of the record', () => {
    expect(processorOf({ ...CSV, joinSource: 'Input' }).written('1,2,3', '1,"x"\n')).toBe('1,2,3,1,"x"');
  });

  it('adds inference id and time as the last two columns', () => {
    expect(processorOf({ ...CSV, generateInferenceId: true }).written('ignored', '0')).toBe(
      `0,${IDS.nextId()},${IDS.time}`,
    );
  });

  it.each([
    ['{"predictions": [[1.58', /Failed to parse output from the algorithm as CSV: .*a quote stands inside a field/],
    ['1\n2', /more than one CSV row/],
    ['', /there is no CSV row/],
  ])('says that the answer %j is no row', (answer, problem) => {
    expect(() => processorOf(idAndPrediction).written('1,2', answer)).toThrow(problem);
  });

  it('names a column that the record does not have', () => {
    expect(() => processorOf({ ...CSV, inputFilter: '$[0,5]' }).sent('1,2')).toThrow('column 5 is outside a row of 2');
  });

  it('passes any row through $[0:] byte for byte', () => {
    const field = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ' ', '1', '.', 'é') }),
      fc.string().map((text) => `"${text.replaceAll('"', '""').replaceAll(/[\r\n]/g, ' ')}"`),
    );
    const { sent } = processorOf({ ...CSV, inputFilter: '$[0:]' });
    fc.assert(
      fc.property(fc.array(field, { minLength: 2 }), (fields) => {
        expect(sent(fields.join(','))).toBe(fields.join(','));
      }),
    );
  });
});

describe('JSON on its way', () => {
  const joined = processorOf({ ...JSONL, joinSource: 'Input' });

  it.each([
    ['{"id":9007199254740993}', '{"scores":[1.0]}', '{"id":9007199254740993,"SageMakerOutput":{"scores":[1.0]}}'],
    ['{}', '1', '{"SageMakerOutput":1}'],
    ['[1.0, 2]', '3e0', '{"SageMakerInput":[1.0, 2],"SageMakerOutput":3e0}'],
    ['"text"', 'null', '{"SageMakerInput":"text","SageMakerOutput":null}'],
    ['{"SageMakerOutput":0,"b":1.50}', '2', '{"SageMakerOutput":2,"b":1.50}'],
    ['{"a":1}', '{\n  "pretty": [\n 1,\r\n 2 ]\n}\n', '{"a":1,"SageMakerOutput":{  "pretty": [ 1, 2 ]}}'],
  ])('joins %s with %s', (raw, answer, expected) => {
    expect(joined.written(raw, answer)).toBe(expected);
  });

  it('filters what is joined', () => {
    const { sent, written } = processorOf({
      ...JSONL,
      inputFilter: '$.features',
      joinSource: 'Input',
      outputFilter: "$['id','SageMakerOutput']",
    });

    expect(sent('{"id":1,"features":[1.0,2]}')).toBe('[1.0,2]');
    expect(written('{"id":12345678901234567890,"features":[1]}', '[0.10]')).toBe(
      '{"id":12345678901234567890,"SageMakerOutput":[0.10]}',
    );
  });

  it.each([
    ['{"output": 0}', `{"output": 0,"SageMakerInferenceId":"${IDS.nextId()}","SageMakerInferenceTime":"${IDS.time}"}`],
    [
      '[0.5]',
      `{"SageMakerOutput":[0.5],"SageMakerInferenceId":"${IDS.nextId()}","SageMakerInferenceTime":"${IDS.time}"}`,
    ],
  ])('adds inference id and time to %s', (answer, expected) => {
    expect(processorOf({ ...JSONL, generateInferenceId: true }).written('{}', answer)).toBe(expected);
  });

  it.each(['{"a":', 'NaN', '1 2', ''])('says that the answer %j is no JSON', (answer) => {
    expect(() => joined.written('{}', answer)).toThrow(/Failed to parse output from the algorithm as JSON/);
  });

  it('keeps the text of any record that it joins', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== 'SageMakerOutput' && key !== '__proto__'),
          fc.jsonValue(),
          { minKeys: 1 },
        ),
        (record) => {
          const text = JSON.stringify(record);

          expect(joined.written(text, '1')).toBe(`${text.slice(0, -1)},"SageMakerOutput":1}`);
        },
      ),
    );
  });
});
