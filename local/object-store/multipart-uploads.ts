/**
 * Multipart uploads on their way: a folder each, a file for each part whose name says what the part is, so that they
 * outlive a restart. Completing one puts the parts together into the object.
 */
import { hash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
  compositeChecksum,
  startChecksum,
} from './checksums.ts';
import type { ObjectFacts, ObjectStore, Received, StoredObject } from './object-store.ts';
import { S3Error } from './s3-error.ts';

export interface UploadStart {
  readonly bucket: string;
  readonly key: string;
  readonly facts: ObjectFacts;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
}

export interface Upload extends UploadStart {
  readonly id: string;
  readonly startedAt: Date;
}

export interface Part {
  readonly number: number;
  readonly bytes: number;
  readonly md5: string;
  readonly checksum?: string;
  readonly modifiedAt: Date;
}

export interface MultipartUploads {
  start(wish: UploadStart): Upload;
  /** Those of one bucket, oldest first. */
  list(bucket: string): readonly Upload[];
  /** @throws S3Error NoSuchUpload */
  find(id: string, bucket: string, key: string): Upload;
  /** In order of their numbers. */
  parts(upload: Upload): readonly Part[];
  putPart(upload: Upload, number: number, received: Received, checksum?: string): void;
  /** @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall */
  complete(
    upload: Upload,
    wanted: readonly { readonly number: number; readonly etag: string }[],
  ): Promise<StoredObject>;
  abort(upload: Upload): void;
}

export const PART_NUMBERS = { first: 1, last: 10_000 } as const;
const SMALLEST_PART_BYTES = 5 * 1024 * 1024;
const UPLOAD_ID = /^[0-9a-f-]{36}$/;
const READ_BYTES = 1024 * 1024;

export function openMultipartUploads(root: string, store: ObjectStore): MultipartUploads {
  const folder = path.join(root, '.uploads');
  mkdirSync(folder, { recursive: true });

  function read(id: string): Upload | undefined {
    try {
      const { startedAt, ...upload } = JSON.parse(readFileSync(path.join(folder, id, 'upload.json'), 'utf8'));
      return { ...upload, startedAt: new Date(startedAt) };
    } catch {
      return undefined;
    }
  }

  function partFiles(upload: Upload): readonly (Part & { readonly file: string })[] {
    const names = readdirSync(path.join(folder, upload.id)).filter((name) => name !== 'upload.json');
    return names.sort().map((name) => {
      const [number = '', md5 = '', checksum = ''] = name.split('_');
      const file = path.join(folder, upload.id, name);
      const stats = statSync(file);
      const facts = { number: Number(number), md5, bytes: stats.size, modifiedAt: stats.mtime, file };
      return checksum ? { ...facts, checksum: Buffer.from(checksum, 'hex').toString('base64') } : facts;
    });
  }

  const abort = (upload: Upload): void => rmSync(path.join(folder, upload.id), { recursive: true, force: true });

  return {
    start(wish) {
      const upload: Upload = { ...wish, id: randomUUID(), startedAt: new Date() };
      mkdirSync(path.join(folder, upload.id));
      writeFileSync(path.join(folder, upload.id, 'upload.json'), JSON.stringify(upload));
      return upload;
    },
    list: (bucket) =>
      readdirSync(folder)
        .flatMap((id) => read(id) ?? [])
        .filter((upload) => upload.bucket === bucket)
        .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime()),
    find(id, bucket, key) {
      const upload = UPLOAD_ID.test(id) ? read(id) : undefined;
      if (upload?.bucket === bucket && upload.key === key) return upload;
      throw new S3Error(
        'NoSuchUpload',
        'The specified multipart upload does not exist. It may have been aborted or completed.',
      );
    },
    parts: partFiles,
    putPart(upload, number, { md5, content }, checksum) {
      const older = partFiles(upload).filter((part) => part.number === number);
      const written = checksum === undefined ? '' : Buffer.from(checksum, 'base64').toString('hex');
      const file = path.join(folder, upload.id, [String(number).padStart(5, '0'), md5, written].join('_'));
      if ('file' in content) renameSync(content.file, file);
      else writeFileSync(file, content.buffer);
      for (const part of older) if (part.file !== file) rmSync(part.file);
    },
    async complete(upload, wanted) {
      const parts = chosenParts(partFiles(upload), wanted);
      const running = upload.checksum?.type === 'FULL_OBJECT' ? startChecksum(upload.checksum.algorithm) : undefined;
      const received = await store.receive(joined(parts, (bytes) => running?.update(bytes)));
      const checksum = running
        ? { ...upload.checksum!, value: running.digest() }
        : compositeOf(upload.checksum?.algorithm, parts);
      const facts: ObjectFacts = {
        ...upload.facts,
        ...(checksum ? { checksum } : {}),
        parts: parts.map(({ bytes, checksum: own }) => (own === undefined ? { bytes } : { bytes, checksum: own })),
      };
      const object = store.put(upload.bucket, upload.key, received, facts, etagOf(parts));
      abort(upload);
      return object;
    },
    abort,
  };
}

function chosenParts<Found extends Part>(
  found: readonly Found[],
  wanted: readonly { readonly number: number; readonly etag: string }[],
): readonly Found[] {
  if (wanted.length === 0) throw new S3Error('MalformedXML', 'An upload is completed with at least one part');
  return wanted.map(({ number, etag }, index) => {
    if (index > 0 && number <= wanted[index - 1]!.number) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order');
    }
    const part = found.find((one) => one.number === number && one.md5 === etag.replaceAll('"', ''));
    if (!part) throw new S3Error('InvalidPart', `Part ${number} with the ETag ${etag} was not uploaded`);
    if (part.bytes < SMALLEST_PART_BYTES && index < wanted.length - 1) {
      throw new S3Error('EntityTooSmall', `Part ${number} has ${part.bytes} bytes; all but the last need 5 MiB`);
    }
    return part;
  });
}

async function* joined(
  parts: readonly { readonly file: string }[],
  seen: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for (const { file } of parts) {
    for await (const bytes of createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
      seen(bytes);
      yield bytes;
    }
  }
}

function compositeOf(algorithm: ChecksumAlgorithm | undefined, parts: readonly Part[]): Checksum | undefined {
  const values = parts.flatMap(({ checksum }) => checksum ?? []);
  return algorithm && values.length === parts.length ? compositeChecksum(algorithm, values) : undefined;
}

/** As S3 makes it: the MD5 of the parts' MD5s, and their number. */
function etagOf(parts: readonly Part[]): string {
  const md5s = Buffer.concat(parts.map(({ md5 }) => Buffer.from(md5, 'hex')));
  return `"${hash('md5', md5s)}-${parts.length}"`;
}
