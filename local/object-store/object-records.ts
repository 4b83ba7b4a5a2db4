/**
 * What a file cannot say about an object: its ETag, its content type, its metadata. One journal per bucket, a line for
 * each change, because a second small file for each object was measured at twice the price of the object's own. A
 * record is believed only while size and time of the object's file are those that were noted; so a person may change or
 * replace the file, and the object has plain facts again.
 */
import { hash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { ObjectFacts } from './object-store.ts';

export interface ObjectRecord {
  readonly etag: string;
  readonly facts: ObjectFacts;
}

export interface ObjectRecords {
  read(bucket: string, key: string, stats: BigIntStats): ObjectRecord;
  write(bucket: string, key: string, stats: BigIntStats, record: ObjectRecord): void;
  delete(bucket: string, key: string): void;
  deleteBucket(bucket: string): void;
  close(): void;
}

/** A line of a journal: the key, the state of its file, and the record; the key alone for an object that is gone. */
type Line = readonly [key: string, state?: string, etag?: string, facts?: ObjectFacts];

interface Journal {
  readonly handle: number;
  /** Key -> its line as written, which takes less memory than what it says. */
  readonly lines: Map<string, string>;
}

/** Fewer superseded lines are not worth writing a journal anew. */
const TOLERATED_LINES = 1000;

export function openObjectRecords(folder: string): ObjectRecords {
  const journals = new Map<string, Journal>();
  mkdirSync(folder, { recursive: true });

  function journalOf(bucket: string): Journal {
    const known = journals.get(bucket);
    if (known) return known;
    const file = fileOf(folder, bucket);
    const lines = readJournal(file);
    const journal = { handle: openSync(file, 'a'), lines };
    journals.set(bucket, journal);
    return journal;
  }

  return {
    read(bucket, key, stats) {
      const text = journalOf(bucket).lines.get(key);
      const [, state, etag, facts] = text === undefined ? [] : (JSON.parse(text) as Line);
      return state === stateOf(stats) && etag !== undefined ? { etag, facts: facts ?? {} } : plainRecord(stats);
    },
    write(bucket, key, stats, { etag, facts }) {
      const { handle, lines } = journalOf(bucket);
      const line: Line = [key, stateOf(stats), etag, facts];
      const text = JSON.stringify(line);
      writeSync(handle, `${text}\n`);
      lines.set(key, text);
    },
    delete(bucket, key) {
      const { handle, lines } = journalOf(bucket);
      if (lines.delete(key)) writeSync(handle, `${JSON.stringify([key] satisfies Line)}\n`);
    },
    deleteBucket(bucket) {
      closeSync(journalOf(bucket).handle);
      journals.delete(bucket);
      rmSync(fileOf(folder, bucket));
    },
    close() {
      for (const { handle } of journals.values()) closeSync(handle);
      journals.clear();
    },
  };
}

function fileOf(folder: string, bucket: string): string {
  return path.join(folder, `${bucket}.jsonl`);
}

/** The last line for each key. A line that was cut off by the end of a run is none; the file is left without such. */
function readJournal(file: string): Map<string, string> {
  const lines = new Map<string, string>();
  const written = readIfThere(file).split('\n');
  const unfinished = written.pop() !== '';
  for (const text of written) {
    const [key, state] = parseLine(text);
    if (key === undefined) continue;
    if (state === undefined) lines.delete(key);
    else lines.set(key, text);
  }
  if (unfinished || written.length > 2 * lines.size + TOLERATED_LINES) {
    writeFileSync(`${file}.new`, [...lines.values()].map((text) => `${text}\n`).join(''));
    renameSync(`${file}.new`, file);
  }
  return lines;
}

/** A full disk may have cut a line off in the middle. */
function parseLine(text: string): Line | [] {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw cause;
  }
}

function stateOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}`;
}

/** The form of a multipart ETag, which no client takes for the MD5 of the content. */
function plainRecord(stats: BigIntStats): ObjectRecord {
  return { etag: `"${hash('md5', `${stateOf(stats)}-${stats.ino}`)}-1"`, facts: {} };
}
