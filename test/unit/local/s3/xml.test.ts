import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readText, writeXml } from '../../../../local/s3/xml.ts';

it('reads what it wrote, every character of it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '<', '&', '"', '\n', '\r', '\t', '\u0001', '🙂', ';', '#') }),
      (text) => {
        expect(readText(writeXml('Root', { Key: text }), 'Key')).toBe(text);
      },
    ),
  );
});

it('reads entities, empty elements and namespaces as clients write them', () => {
  expect(readText('<ns:Key>a&amp;&lt;b&#x1F642;&#10;</ns:Key>', 'Key')).toBe('a&<b🙂\n');
  expect(readText('<Key/>', 'Key')).toBe('');
  expect(readText('<Keys>x</Keys>', 'Key')).toBeUndefined();
});
