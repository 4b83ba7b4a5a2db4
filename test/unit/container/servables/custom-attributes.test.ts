import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { parseCustomAttributes } from '../../../../container/src/servables/custom-attributes.ts';

describe('custom attributes', () => {
  it.each([
    [undefined, { method: 'predict' }],
    ['', { method: 'predict' }],
    ['trace=1,other', { method: 'predict' }],
    ['tfs-model-name=half_plus_two', { name: 'half_plus_two', method: 'predict' }],
    ['tfs-model-version=00123, tfs-method=regress', { version: '123', method: 'regress' }],
    ['x=1,tfs-model-name=a-b.c,tfs-method=classify', { name: 'a-b.c', method: 'classify' }],
    ['tfs-trace=a=b', { method: 'predict' }],
  ])('%j mean %j', (header, expected) => {
    expect(parseCustomAttributes(header)).toEqual(expected);
  });

  it.each([
    ['tfs-model-name=../../v1/models/other', 'invalid tfs-model-name'],
    ['tfs-model-name=', 'invalid tfs-model-name'],
    ['tfs-model-name=a=b', 'invalid tfs-model-name'],
    ['tfs-model-version=1.0', 'invalid tfs-model-version: must be a positive integer'],
    ['tfs-model-version=-1', 'invalid tfs-model-version: must be a positive integer'],
    ['tfs-method=explain', 'invalid tfs-method: must be one of predict|classify|regress'],
    ['tfs-method=predict,tfs-method=regress', 'tfs-method comes twice'],
  ])('%j are refused: %s', (header, message) => {
    expect(() => parseCustomAttributes(header)).toThrow(
      expect.objectContaining({ code: 'InvalidCustomAttributes', message }),
    );
  });

  it('of any text are read or refused, and nothing else', () => {
    const pieces = fc.constantFrom('tfs-', 'model-name', 'method', '=', ',', ' ', 'a', '1', '"', '\\', '..');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        try {
          const { name = 'a' } = parseCustomAttributes(parts.join(''));
          expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TwinvecError);
        }
      }),
    );
  });
});
