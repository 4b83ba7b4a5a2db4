import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelFileName, readChannelManifest } from '#core/sagemaker/channel-files.ts';

describe('the file that an object of a channel becomes', () => {
  it.each([
    ['data/train/', 'data/train/a.jsonl', 'a.jsonl'],
    ['data/train', 'data/train/sub/a.jsonl', 'sub/a.jsonl'],
    ['data/train', 'data/train-2.jsonl', 'train-2.jsonl'],
    ['data/train.jsonl', 'data/train.jsonl', 'train.jsonl'],
    ['', 'a b+c%2F漢', 'a b+c%2F漢'],
  ])('below the prefix "%s", %s, is %s', (prefix, key, name) => {
    expect(channelFileName(prefix, key)).toBe(name);
  });

  it.each(['p/../../etc/passwd', 'p//a', 'p/./a', 'p/a\0'])('is refused when the key %j leads elsewhere', (key) => {
    expect(() => channelFileName('p/', key)).toThrow(/cannot be a file of a channel/);
  });

  it('never leaves its folder', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (prefix, rest) => {
        let name: string;
        try {
          name = channelFileName(prefix, prefix + rest);
        } catch {
          return;
        }
        expect(name.split('/')).not.toContain('..');
        expect(name.startsWith('/')).toBe(false);
        expect(prefix + rest).toContain(name);
      }),
      { seed: 5 },
    );
  });
});

describe('a manifest', () => {
  it('names objects by what follows the prefix', () => {
    const text = JSON.stringify([{ prefix: 's3://bkt/data/' }, 'a', 'sub/b']);

    expect(readChannelManifest(Buffer.from(text), 'm')).toEqual([
      { object: { bucket: 'bkt', key: 'data/a' }, name: 'a' },
      { object: { bucket: 'bkt', key: 'data/sub/b' }, name: 'sub/b' },
    ]);
  });

  it.each([
    ['{', /^m: not JSON/],
    ['[{"prefix": "b"}, "a"]', /^m: element 0: "b" is not an s3:\/\/ address/],
    ['[{"prefix": "s3://bkt/"}, "../a"]', /cannot be a file of a channel/],
  ])('is refused when it is %s', (text, message) => {
    expect(() => readChannelManifest(Buffer.from(text), 'm')).toThrow(message);
  });
});
