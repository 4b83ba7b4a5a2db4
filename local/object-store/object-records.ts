/**
 * What a file cannot say about an object: its ETag, its content type, its metadata. One small file per object, beside
 * the buckets, believed only while size and time of the object's file are those that were noted; so a person may
 * change or replace the file, and the object has plain facts and an ETag of size and time again.
 */
import { type BigIntStats, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hash } from 'node:crypto';
import type { ObjectFacts } from './object-store.ts';

export interface ObjectRecord {
  readonly etag: string;
  readonly facts: ObjectFacts;
}

interface WrittenRecord extends ObjectRecord {
  readonly key: string;
  readonly state: string;
}

export interface ObjectRecords {
  read(bucket: string, key: string, stats: BigIntStats): ObjectRecord;
  write(bucket: string, key: string, stats: BigIntStats, record: ObjectRecord): void;
  delete(bucket: string, key: string): void;
  deleteBucket(bucket: string): void;
}

/** Records are small; this many are kept in memory, so that a listing need not read each again. */
const KEPT_IN_MEMORY = 200_000;

export function openObjectRecords(folder: string): ObjectRecords {
  const kept = new Map<string, WrittenRecord>();

  function fileOf(bucket: string, key: string): string {
    const name = hash('sha1', key);
    return path.join(folder, bucket, name.slice(0, 2), `${name.slice(2)}.json`);
  }

  function keep(bucket: string, record: WrittenRecord): void {
    if (kept.size >= KEPT_IN_MEMORY) kept.delete(kept.keys().next().value!);
    kept.set(`${bucket}/${record.key}`, record);
  }

  function load(bucket: string, key: string): WrittenRecord | undefined {
    const known = kept.get(`${bucket}/${key}`);
    if (known) return known;
    try {
      const record = JSON.parse(readFileSync(fileOf(bucket, key), 'utf8')) as WrittenRecord;
      keep(bucket, record);
      return record;
    } catch {
      return undefined;
    }
  }

  return {
    read(bucket, key, stats) {
      const record = load(bucket, key);
      return record?.key === key && record.state === stateOf(stats) ? record : plainRecord(stats);
    },
    write(bucket, key, stats, { etag, facts }) {
      const record: WrittenRecord = { key, state: stateOf(stats), etag, facts };
      const file = fileOf(bucket, key);
      const text = JSON.stringify(record);
      try {
        writeFileSync(file, text);
      } catch {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      keep(bucket, record);
    },
    delete(bucket, key) {
      kept.delete(`${bucket}/${key}`);
      rmSync(fileOf(bucket, key), { force: true });
    },
    deleteBucket(bucket) {
      for (const id of kept.keys()) if (id.startsWith(`${bucket}/`)) kept.delete(id);
      rmSync(path.join(folder, bucket), { recursive: true, force: true });
    },
  };
}

function stateOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}`;
}

/** The form of a multipart ETag, which no client takes for the MD5 of the content. */
function plainRecord(stats: BigIntStats): ObjectRecord {
  return { etag: `"${hash('md5', `${stateOf(stats)}-${stats.ino}`)}-1"`, facts: {} };
}
