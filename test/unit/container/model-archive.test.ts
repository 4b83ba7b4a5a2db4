import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
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
  ] as const)('refuses %s, and writes nothing', async (_name, entry, message) => {
    await expect(extract(archiveOf({ path: 'good.txt', type: 'File' }, entry))).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(['model.tar.gz']);
  });

  it.each([
    ['no gzip at all', Buffer.from('not an archive')],
    ['a gzip of something else', gzipSync('not a tar')],
    ['an empty archive', archiveOf()],
    ['a cut archive', archiveOf({ path: 'a', type: 'File' }).subarray(0, 40)],
  ])('refuses %s', async (_name, bytes) => {
    await expect(extract(bytes)).rejects.toThrow(/the model archive (was refused|cannot be read)/);
  });
});
