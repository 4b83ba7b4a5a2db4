import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import * as tar from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractArchive } from '../../../container/src/model-archive.ts';

type HeaderData = ConstructorParameters<typeof tar.Header>[0];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-archive-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** An archive with exactly these headers, which `tar` itself would refuse to write. */
function archiveOf(...entries: Exclude<HeaderData, Buffer | undefined>[]): Buffer {
  const blocks = entries.map((entry) => {
    const block = Buffer.alloc(512);
    new tar.Header({ mode: 0o644, size: 0, mtime: new Date(0), ...entry }).encode(block);
    return block;
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

async function extract(bytes: Uint8Array): Promise<string[]> {
  const file = path.join(folder, 'model.tar.gz');
  await writeFile(file, bytes);
  await extractArchive(file, path.join(folder, 'out'));
  return readdir(path.join(folder, 'out'), { recursive: true });
}

/** The checksum of gzip's trailer is the eighth to fifth byte from the end. */
const damaged = archiveOf({ path: 'a', type: 'File' });
damaged.fill(1, damaged.length - 8, damaged.length - 4);

describe('unpacking a model archive', () => {
  it('writes files and folders', async () => {
    // Prepare
    await writeFile(path.join(folder, 'object2vec.json'), '{}');
    const file = path.join(folder, 'good.tar.gz');
    await tar.create({ file, gzip: true, cwd: folder }, ['object2vec.json']);

    // Act
    await extractArchive(file, path.join(folder, 'out'));

    // Assess
    expect(await readFile(path.join(folder, 'out', 'object2vec.json'), 'utf8')).toBe('{}');
  });

  it.each([
    ['a name with ..', { path: '../x', type: 'File' }, /"..\/x" leads out of the model folder/],
    ['a sibling with the same beginning', { path: '../out-evil/x', type: 'File' }, /leads out/],
    ['an absolute name', { path: '/etc/x', type: 'File' }, /is an absolute path/],
    ['a symbolic link', { path: 'l', type: 'SymbolicLink', linkpath: '/etc' }, /is a SymbolicLink/],
    ['a hard link', { path: 'l', type: 'Link', linkpath: 'object2vec.json' }, /is a Link/],
    ['a device', { path: 'd', type: 'CharacterDevice' }, /is a CharacterDevice/],
    ['a pipe', { path: 'p', type: 'FIFO' }, /is a FIFO/],
    ['a setuid file', { path: 's', type: 'File', mode: 0o4755 }, /is setuid/],
    ['a sparse file', { path: 's', type: 'SparseFile' }, /is a SparseFile/],
  ] as const)('J2: refuses %s, and writes nothing', async (_name, entry, message) => {
    await expect(extract(archiveOf({ path: 'good.txt', type: 'File' }, entry))).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(['model.tar.gz']);
  });

  it('J2: a link that an entry below it would go through writes nothing outside', async () => {
    const link = { path: 'variables', type: 'SymbolicLink', linkpath: '../outside' } as const;
    await expect(extract(archiveOf(link, { path: 'variables/x', type: 'File' }))).rejects.toThrow(/is a SymbolicLink/);
    expect(await readdir(folder)).toEqual(['model.tar.gz']);
  });

  it('J3: refuses what its headers claim, before a byte of it is written', async () => {
    const claimed = archiveOf({ path: 'a', type: 'File', size: 2 ** 36 + 1 });
    await expect(extract(claimed)).rejects.toThrow(/the model archive model\.tar\.gz/);
    expect(await readdir(folder)).toEqual(['model.tar.gz']);
  });

  it('J3: refuses a bomb by its ratio, a file of zeros', async () => {
    // Prepare: 512 MB of zeros come to half a megabyte
    const megabytes = 512;
    const header = Buffer.alloc(512);
    new tar.Header({ path: 'zeros', type: 'File', mode: 0o644, size: megabytes * 2 ** 20 }).encode(header);
    const file = path.join(folder, 'bomb.tar.gz');
    await pipeline(
      Readable.from([header, ...Array.from({ length: megabytes }, () => Buffer.alloc(2 ** 20)), Buffer.alloc(1024)]),
      createGzip(),
      createWriteStream(file),
    );

    // Act
    const extracted = extractArchive(file, path.join(folder, 'out'));

    // Assess
    await expect(extracted).rejects.toThrow(/the model archive bomb\.tar\.gz cannot be read: .*ratio/i);
    expect(await readdir(folder)).toEqual(['bomb.tar.gz']);
  });

  it('J3: refuses more entries than any model has, and names longer than a disk takes', async () => {
    const many = Array.from({ length: 100_001 }, (_, i) => ({ path: `f${i}`, type: 'File' as const }));
    await expect(extract(archiveOf(...many))).rejects.toThrow(/more than 100000 entries|ratio/);
    const long = path.join(folder, 'long.tar.gz');
    await writeFile(path.join(folder, 'x'), '');
    await tar.create({ file: long, gzip: true, cwd: folder, prefix: 'y'.repeat(300) }, ['x']);
    await expect(extractArchive(long, path.join(folder, 'out'))).rejects.toThrow(/is not a usable file name/);
  });

  it.each([
    ['no gzip at all', Buffer.from('not an archive')],
    ['a gzip of something else', gzipSync('not a tar')],
    ['an empty archive', archiveOf()],
    ['a cut archive', archiveOf({ path: 'a', type: 'File' }).subarray(0, 40)],
    ['a wrong checksum', damaged],
  ])('J4: refuses %s, naming the file', async (_name, bytes) => {
    await expect(extract(bytes)).rejects.toThrow(/the model archive model\.tar\.gz (was refused|cannot be read)/);
  });
});
