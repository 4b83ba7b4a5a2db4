/** Dense rows of floats in every text format hold what JSON.parse and Math.fround make of them, bit for bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { decimals } from '../numbers/decimals.ts';
import { refusalOf } from '../refusal.ts';
import { decode, modelOf } from './decoding.ts';

const VECTORS = modelOf({ x: { dtype: 'float32', shape: [-1, -1] } });
const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** Signed numbers that a float32 can hold. */
const values = fc
  .tuple(fc.constantFrom('', '-'), decimals)
  .map(([sign, text]) => sign + text)
  .filter((text) => Math.abs(Math.fround(Number(text))) <= LARGEST_FLOAT32);
const rows = fc
  .integer({ min: 1, max: 20 })
  .chain((width) => fc.array(fc.array(values, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }));
const separators = fc.constantFrom(',', ', ', ',  ', ' ,', ',\t', '\t,');

function floatsOf(body: string, type: string): readonly number[] {
  return [...(decode(body, VECTORS, type).inputs.x!.data as Float32Array)];
}
const expected = (table: readonly (readonly string[])[]) => table.flat().map((text) => Math.fround(JSON.parse(text)));

describe('rows of floats', () => {
  it('are those of JSON.parse in JSON, in JSON Lines and in CSV, with blanks or without', () => {
    fc.assert(
      fc.property(rows, separators, fc.constantFrom('', '\n  '), (table, separator, indent) => {
        const lists = table.map((row) => `[${indent}${row.join(separator + indent)}${indent}]`);
        const lines = table.map((row) => row.join(separator));
        expect(floatsOf(`{"instances":[${lists}]}`, 'application/json')).toEqual(expected(table));
        expect(floatsOf(lists.map((list) => list.replaceAll('\n', '')).join('\n'), 'application/jsonlines')).toEqual(
          expected(table),
        );
        expect(floatsOf(lines.join('\n'), 'text/csv')).toEqual(expected(table));
        expect(floatsOf(`${lines.join('\r\n')}\r\n`, 'text/csv')).toEqual(expected(table));
      }),
      { numRuns: 1000 },
    );
  });

  it('are accepted exactly where JSON.parse accepts them', () => {
    const nearNumbers = fc.string({ unit: fc.constantFrom(...'0019.5eE+-, x'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(nearNumbers, { minLength: 1, maxLength: 4 }), (parts) => {
        // The numbers in front keep the parts away from the end of the body, where another way of reading begins.
        const list = `[${[...parts, '0.25', '0.25', '0.25', '0.25', '0.25', '0.25', '0.25', '0.25', '0.25']}]`;
        let parsed: number[] | undefined;
        try {
          parsed = (JSON.parse(list) as number[]).map(Math.fround);
        } catch {
          // Not JSON.
        }
        const isFloats = parsed?.every((value) => Math.abs(value) <= LARGEST_FLOAT32);
        if (isFloats) expect(floatsOf(`{"instances":[${list}]}`, 'application/json')).toEqual(parsed);
        else
          expect(refusalOf(() => floatsOf(`{"instances":[${list}]}`, 'application/json'))).toBeInstanceOf(TwinvecError);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ['1e39', 'Record 0, input "x"[2]: "1e39" is too large for float32'],
    ['-3.5e38', 'Record 0, input "x"[2]: "-3.5e38" is too large for float32'],
    ['1e400', 'Record 0, input "x"[2]: "1e400" is too large for float32'],
    ['"4"', 'Record 0, input "x"[2]: JSON Value: "\\"4\\"" is not of expected type: float32'],
    ['null', 'Record 0, input "x"[2]: JSON Value: "null" is not of expected type: float32'],
  ])('name the place of %s', (wrong, message) => {
    const list = `[0.5,0.25,${wrong},0.125,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]`;
    expect(refusalOf(() => floatsOf(`{"instances":[${list}]}`, 'application/json')).message).toBe(message);
  });

  it('keep NaN, infinities and the sign of zero', () => {
    const list = '[-0,-0.0,0,NaN,-Infinity,Infinity,-0e5,1,1,1,1,1,1,1,1,1,1,1,1,1]';
    const found = floatsOf(`{"instances":[${list}]}`, 'application/json').slice(0, 7);
    expect(found).toEqual([-0, -0, 0, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0]);
  });

  it('are as wide in CSV as the first row says', () => {
    const row = Array.from({ length: 30 }, () => '0.5');
    const wider = `${row}\n${[...row, '0.5']}\n${row}\n`;
    const narrower = `${row}\n${row.slice(1)}\n${row}\n`;
    const trailing = `${row}\n${row},\n${row}\n`;
    expect(refusalOf(() => floatsOf(wider, 'text/csv')).message).toBe(
      'Line 2 (record 1) has 31 columns, where 30 are due',
    );
    expect(refusalOf(() => floatsOf(narrower, 'text/csv')).message).toBe(
      'Line 2 (record 1) has 29 columns, where 30 are due',
    );
    expect(refusalOf(() => floatsOf(trailing, 'text/csv')).message).toBe(
      'Line 2 (record 1) has 31 columns, where 30 are due',
    );
  });

  it.each(['[0.5, ]', '[0.5,]', '[0.5,\n]', '[,0.5]', '[0.5 0.5]'])('are a whole list in JSON: not %j', (list) => {
    const body = `{"instances":[${list},[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]]}`;
    expect(refusalOf(() => floatsOf(body, 'application/json')).code).toBe('MalformedJson');
  });

  it('have the column of a wrong field in CSV', () => {
    const row = Array.from({ length: 30 }, () => '0.5');
    const body = `${row}\n${[...row.slice(0, 17), 'x', ...row.slice(18)]}\n${row}\n`;
    expect(refusalOf(() => floatsOf(body, 'text/csv')).message).toBe(
      'Line 2 (record 1), column 17: "x" is not float32',
    );
  });
});
