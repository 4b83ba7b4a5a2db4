import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFolderStore } from '../../../../local/object-store/folder-store.ts';
import type { ListWish, ObjectFacts, ObjectStore } from '../../../../local/object-store/object-store.ts';

let root: string;
let store: ObjectStore;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'twinvec-store-'));
  store = openFolderStore(root);
  store.createBucket('data');
});

afterEach(() => {
  store.close();
  rmSync(root, { recursive: true });
});

async function* chunksOf(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function put(key: string, text = key, facts: ObjectFacts = {}): Promise<void> {
  store.put('data', key, await store.receive(chunksOf(text)), facts);
}

function read(key: string): string | undefined {
  const open = store.open('data', key);
  const content = open?.read(0, open.object.bytes - 1);
  return Buffer.isBuffer(content) ? content.toString() : undefined;
}

function pages(wish: ListWish): string[] {
  const found: string[] = [];
  const sinceMs = Date.now();
  for (let after: string | undefined = ''; after !== undefined; ) {
    const { objects, commonPrefixes, next } = store.list('data', { ...wish, after, sinceMs });
    found.push(...[...objects.map(({ key }) => key), ...commonPrefixes].sort());
    after = next?.after;
  }
  return found;
}

const file = (...names: readonly string[]): string => path.join(root, 'data', ...names);

describe('the folder of a bucket', () => {
  it('holds objects as files of their names', async () => {
    await put('in/a.jsonl', 'one');

    expect(readFileSync(file('in', 'a.jsonl'), 'utf8')).toBe('one');
  });

  it('makes objects of the files that a person puts there, renames, changes or links', async () => {
    // Prepare
    await put('in/changed', 'before', { contentType: 'text/plain' });
    const before = store.find('data', 'in/changed')!;
    expect(pages({ limit: 10 })).toEqual(['in/changed']);

    // Act
    writeFileSync(file('in', 'by-hand'), 'put here');
    writeFileSync(file('in', 'changed'), 'after!!');
    mkdirSync(path.join(root, 'elsewhere'));
    writeFileSync(path.join(root, 'elsewhere', 'far'), 'linked');
    symlinkSync(path.join(root, 'elsewhere'), file('link'));

    // Assess
    expect(pages({ limit: 10 })).toEqual(['in/by-hand', 'in/changed', 'link/far']);
    expect([read('in/by-hand'), read('in/changed'), read('link/far')]).toEqual(['put here', 'after!!', 'linked']);
    const after = store.find('data', 'in/changed')!;
    expect(after.etag).not.toBe(before.etag);
    expect(after.facts).toEqual({});
  });

  it('takes a name that no key would be given', () => {
    writeFileSync(file('a%25'), 'odd');

    expect(pages({ limit: 10 })).toEqual(['a%']);
    expect(read('a%25')).toBe('odd');
  });

  it('keeps `a` and `a/b`, whichever comes first', async () => {
    await put('a');
    await put('a/b');
    await put('c/d');
    await put('c');

    expect(pages({ limit: 10 })).toEqual(['a', 'a/b', 'c', 'c/d']);
    expect(['a', 'a/b', 'c', 'c/d'].map(read)).toEqual(['a', 'a/b', 'c', 'c/d']);
  });

  it('forgets an object with the folders that only it needed', async () => {
    await put('x/y/z');
    store.delete('data', 'x/y/z');
    store.delete('data', 'never/there');

    expect(store.find('data', 'x/y/z')).toBeUndefined();
    expect(readdirSync(file())).toEqual([]);
  });

  it('is deleted with its bucket only when no object is left', async () => {
    await put('x');

    expect(() => store.deleteBucket('data')).toThrow(expect.objectContaining({ code: 'BucketNotEmpty' }));
    store.delete('data', 'x');
    mkdirSync(file('empty'));
    store.deleteBucket('data');
    expect(store.hasBucket('data')).toBe(false);
  });
});

describe('the object store', () => {
  it('has everything again when it is opened anew, without what a killed run left half done', async () => {
    // Prepare
    const facts = { contentType: 'text/csv', metadata: { by: 'test' } };
    await put('kept', 'one', facts);
    const before = store.find('data', 'kept');
    writeFileSync(path.join(root, '.incoming', 'half'), 'hal');
    writeFileSync(path.join(root, '.records', 'data.jsonl'), '["torn', { flag: 'a' });

    // Act
    store.close();
    store = openFolderStore(root);

    // Assess
    expect(store.find('data', 'kept')).toEqual(before);
    expect(readdirSync(path.join(root, '.incoming'))).toEqual([]);
  });

  it('writes its journal anew when most of it is superseded', async () => {
    for (let round = 0; round < 1100; round++) await put('again', '', { contentType: 'text/plain' });

    store.close();
    store = openFolderStore(root);

    expect(store.find('data', 'again')?.facts).toEqual({ contentType: 'text/plain' });
    expect(readFileSync(path.join(root, '.records', 'data.jsonl'), 'utf8').split('\n')).toHaveLength(2);
  });

  it('refuses a folder of the first versions, rather than showing their files as objects', () => {
    mkdirSync(path.join(root, 'buckets', 'old'), { recursive: true });
    writeFileSync(path.join(root, 'buckets', 'old', '.bucket.json'), '{}');

    expect(() => openFolderStore(root)).toThrow(/written by an older version/);
  });
});

const key = fc
  .array(fc.constantFrom('a', 'b', '/', '//', '.', '-', '%', '😀', '￮', 'é'.repeat(125)), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

describe('a listing', () => {
  it('gives every key once, in the order of bytes, for any prefix, delimiter and size of page', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 12 }),
        fc.constantFrom('', 'a', 'a/', '/', 'b-'),
        fc.constantFrom('', '/', '-', '//'),
        fc.integer({ min: 1, max: 4 }),
        async (keys, prefix, delimiter, limit) => {
          // Prepare
          for (const { key: old } of store.list('data', { limit: 1000 }).objects) store.delete('data', old);
          for (const one of keys) await put(one);
          const cut = (one: string): string => {
            const end = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
            return end < 0 ? one : one.slice(0, end + delimiter.length);
          };
          const expected = new Set(
            keys
              .filter((one) => one.startsWith(prefix))
              .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
              .map(cut),
          );

          // Act
          const listed = pages({ prefix, delimiter, limit });

          // Assess
          if (limit === 1) expect(listed).toEqual([...expected]);
          else expect([...listed].sort()).toEqual([...expected].sort());
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says that a bucket or a key is not there', () => {
    expect(() => store.list('none', { limit: 1 })).toThrow(expect.objectContaining({ code: 'NoSuchBucket' }));
    expect(store.find('data', 'none')).toBeUndefined();
    expect(() => store.find('data', 'k'.repeat(1025))).toThrow(expect.objectContaining({ code: 'KeyTooLongError' }));
  });
});
