import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../../local/object-store/key-order.ts';
import { keyToPath, readFileName, readFolderName } from '../../../../local/object-store/key-path.ts';

/** What a listing of the folders makes of a path again. */
function keyOf(file: string): string {
  const names = file.split('/');
  const last = names.pop()!;
  const above = names.map(readFolderName).map(({ text, goesOn }) => (goesOn ? text : `${text}/`));
  return above.join('') + readFileName(last);
}

const oddKey = fc
  .array(fc.oneof(fc.constantFrom('/', '.', '..', '%', '%2F', '%25', '%41', '\0', 'é'.repeat(130), 'x'), fc.string()), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(''))
  .filter((key) => key !== '' && key.isWellFormed() && Buffer.byteLength(key) <= 1024);

describe('the path of a key', () => {
  it.each([
    ['a/b.txt', 'a/b.txt'],
    ['50% off.txt', '50% off.txt'],
    ['a%2Fb', 'a%252Fb'],
    ['a//b', 'a/%2F/b'],
    ['/a', '%2F/a'],
    ['folder/', 'folder/%2F'],
    ['../../etc', '%2E%2E/%2E%2E/etc'],
    ['漢字🙂', '漢字🙂'],
  ])('of %j is %j', (key, file) => {
    expect(keyToPath(key)).toBe(file);
  });

  it('is read back as the key, stays in its folder and has names that a file system takes', () => {
    fc.assert(
      fc.property(oddKey, (key) => {
        const file = keyToPath(key);

        expect(keyOf(file)).toBe(key);
        expect(path.posix.normalize(file)).toBe(file);
        expect(file.split('/').every((name) => name !== '..' && Buffer.byteLength(name) <= 250)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

const anyText = fc.string({ unit: fc.constantFrom('a', 'é', '\u{ffee}', '🙂', '\u{10ffff}') });

it('orders keys as their UTF-8 bytes are ordered', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 1000 },
  );
});
