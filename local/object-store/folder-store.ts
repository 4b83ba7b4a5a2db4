/**
 * The object store of the local service: buckets are folders and objects are files in them, by their own names, so that
 * a person can look and put files there. An object appears under its name at once and whole, by a rename.
 */
import {
  type BigIntStats,
  closeSync,
  createReadStream,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { type BucketFolder, LONGEST_KEY_BYTES, openBucketFolder } from './bucket-folder.ts';
import { checkBucketName, isBucketName } from './bucket-name.ts';
import { BESIDE_FOLDER, keyToPath } from './key-path.ts';
import { listKeys } from './list-keys.ts';
import { type ObjectRecord, openObjectRecords } from './object-records.ts';
import type { ObjectStore, Received, StoredObject } from './object-store.ts';
import { receiveBytes } from './receive.ts';
import { S3Error } from './s3-error.ts';

/** What is not larger is read and answered in one piece. */
const SMALL_READ_BYTES = 512 * 1024;
const READ_STREAM_BYTES = 512 * 1024;

interface Located {
  readonly file: string;
  readonly stats: BigIntStats;
}

/** @param root Holds a folder for each bucket, and three of our own, whose names start with a dot. */
export function openFolderStore(root: string): ObjectStore {
  checkLayout(root);
  const incoming = path.join(root, '.incoming');
  const records = openObjectRecords(path.join(root, '.records'));
  const folders = new Map<string, BucketFolder>();
  // Uploads that a killed run did not finish.
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true });
  let uploads = 0;

  function bucketPath(bucket: string): string {
    const folder = path.join(root, bucket);
    if (isBucketName(bucket) && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
    throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${bucket}`);
  }

  function folderOf(bucket: string): BucketFolder {
    const folder = bucketPath(bucket);
    const known = folders.get(bucket) ?? openBucketFolder(folder);
    folders.set(bucket, known);
    return known;
  }

  function locate(folder: string, key: string): Located | undefined {
    const file = path.join(folder, keyToPath(checkKey(key)));
    return statFile(file) ?? statFile(file + BESIDE_FOLDER) ?? statByOwnName(folder, key);
  }

  function describe(bucket: string, key: string, stats: BigIntStats): StoredObject {
    return objectOf(bucket, key, stats, records.read(bucket, key, stats));
  }

  /** Writes small bodies beside, under a name that only this process uses. A rename changes nothing of its facts. */
  function asFile({ content }: Received): Located {
    if ('file' in content) return { file: content.file, stats: statSync(content.file, { bigint: true }) };
    uploads += 1;
    const file = path.join(incoming, String(uploads));
    const handle = openSync(file, 'w');
    try {
      for (let at = 0; at < content.buffer.length; ) at += writeSync(handle, content.buffer, at);
      return { file, stats: fstatSync(handle, { bigint: true }) };
    } finally {
      closeSync(handle);
    }
  }

  return {
    buckets() {
      const names = readdirSync(root).filter((name) => isBucketName(name));
      return names.sort().flatMap((name) => {
        const stats = statSync(path.join(root, name), { throwIfNoEntry: false });
        return stats?.isDirectory() ? [{ name, createdAt: stats.birthtime }] : [];
      });
    },
    hasBucket(bucket) {
      return (
        isBucketName(bucket) && (statSync(path.join(root, bucket), { throwIfNoEntry: false })?.isDirectory() ?? false)
      );
    },
    createBucket(bucket) {
      mkdirSync(path.join(root, checkBucketName(bucket)), { recursive: true });
    },
    deleteBucket(bucket) {
      const { done } = folderOf(bucket).walk('', '', Date.now()).next();
      if (!done) throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty');
      rmSync(bucketPath(bucket), { recursive: true });
      records.deleteBucket(bucket);
      folders.delete(bucket);
    },
    find(bucket, key) {
      const located = locate(bucketPath(bucket), key);
      return located && describe(bucket, key, located.stats);
    },
    open(bucket, key) {
      const located = locate(bucketPath(bucket), key);
      if (!located) return undefined;
      const handle = openSync(located.file, 'r');
      const object = describe(bucket, key, fstatSync(handle, { bigint: true }));
      return {
        object,
        read(start, end) {
          const bytes = end - start + 1;
          if (bytes > SMALL_READ_BYTES) {
            const options = { fd: handle, start, end, highWaterMark: READ_STREAM_BYTES };
            return createReadStream(located.file, options);
          }
          try {
            const buffer = Buffer.allocUnsafe(bytes);
            return buffer.subarray(0, bytes === 0 ? 0 : readSync(handle, buffer, 0, bytes, start));
          } finally {
            closeSync(handle);
          }
        },
        close: () => closeSync(handle),
      };
    },
    list(bucket, wish) {
      const page = listKeys(folderOf(bucket), wish, ({ key, file }) => {
        const stats = statFile(file)?.stats;
        return stats && describe(bucket, key, stats);
      });
      return page;
    },
    receive: (chunks) => receiveBytes(chunks, incoming),
    put(bucket, key, received, facts, etag) {
      const folder = bucketPath(bucket);
      const target = locate(folder, key)?.file ?? path.join(folder, keyToPath(key));
      const { file, stats } = asFile(received);
      place(file, folder, target);
      const record = { etag: etag ?? `"${received.md5}"`, facts };
      records.write(bucket, key, stats, record);
      return objectOf(bucket, key, stats, record);
    },
    drop({ content }) {
      if ('file' in content) rmSync(content.file, { force: true });
    },
    delete(bucket, key) {
      const folder = bucketPath(bucket);
      for (let located = locate(folder, key); located; located = locate(folder, key)) {
        unlinkSync(located.file);
        removeEmptyFolders(path.dirname(located.file), folder);
      }
      records.delete(bucket, key);
    },
    close: () => records.close(),
  };
}

function objectOf(bucket: string, key: string, stats: BigIntStats, { etag, facts }: ObjectRecord): StoredObject {
  return { bucket, key, bytes: Number(stats.size), modifiedAt: new Date(Number(stats.mtimeMs)), etag, facts };
}

/** @throws TwinvecError InvalidConfiguration for a folder of the first versions, whose objects ended in `.data`. */
function checkLayout(root: string): void {
  const old = path.join(root, 'buckets');
  const first = statSync(old, { throwIfNoEntry: false }) ? readdirSync(old) : [];
  if (!first.some((name) => statSync(path.join(old, name, '.bucket.json'), { throwIfNoEntry: false }))) return;
  throw new TwinvecError(
    'InvalidConfiguration',
    `${root} was written by an older version of the local service, which kept each object as a file NAME.data below buckets/BUCKET/objects. Choose another folder, or move it away and copy the objects in again.`,
  );
}

function checkKey(key: string): string {
  if (key.length * 3 <= LONGEST_KEY_BYTES || Buffer.byteLength(key) <= LONGEST_KEY_BYTES) return key;
  throw new S3Error('KeyTooLongError', 'Your key is too long: S3 takes at most 1024 bytes');
}

function statFile(file: string): Located | undefined {
  try {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() ? { file, stats } : undefined;
  } catch (cause) {
    // Below a file, or a path longer than the system takes.
    if (['ENOTDIR', 'ENAMETOOLONG'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw cause;
  }
}

/** A file that a person named as no key would be written, such as `100%25`. */
function statByOwnName(folder: string, key: string): Located | undefined {
  if (!key.includes('%') || key.includes('\0')) return undefined;
  const file = path.join(folder, key);
  return path.relative(folder, file) === key ? statFile(file) : undefined;
}

/** Renames, to beside a folder of the target's name where there is one. */
function place(file: string, folder: string, target: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(file, target);
      return;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'EEXIST') {
        renameSync(file, target + BESIDE_FOLDER);
        return;
      }
      if (attempt === 0 && (code === 'ENOENT' || code === 'ENOTDIR')) {
        makeFolders(path.dirname(target), folder);
        continue;
      }
      rmSync(file, { force: true });
      if (code !== 'ENAMETOOLONG') throw cause;
      throw new S3Error('KeyTooLongError', 'This key has too many parts to be kept as a file');
    }
  }
}

/** An object in the way, `a` where `a/b` is to be, is moved beside the folder. */
function makeFolders(wanted: string, root: string): void {
  let folder = root;
  for (const name of path.relative(root, wanted).split(path.sep)) {
    folder = path.join(folder, name);
    if (statSync(folder, { throwIfNoEntry: false })?.isFile()) renameSync(folder, folder + BESIDE_FOLDER);
    mkdirSync(folder, { recursive: true });
  }
}

function removeEmptyFolders(folder: string, root: string): void {
  for (let current = folder; current !== root && current.startsWith(root); current = path.dirname(current)) {
    try {
      rmdirSync(current);
    } catch {
      return;
    }
  }
}
