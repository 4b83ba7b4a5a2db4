/**
 * The records of one kind: in memory, and each in a file `KIND/REGION/NAME.json` that a person can read. Everything that
 * the control plane must know after a restart, `kill -9` included, is kept in one of these.
 */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { PARTIAL, readRecord, writeRecord } from './record-file.ts';
import { keyOf, type Resource, type ResourceKey } from './resource.ts';

export interface ResourceStore<T extends Resource> {
  /** Oldest first. */
  all(region?: string): T[];
  find(key: ResourceKey): T | undefined;
  /**
   * Keeps a new record. It is on disk when this returns.
   *
   * @throws the error of {@link writeRecord}; there is then no record.
   */
  add(record: T): T;
  /**
   * Changes what a caller asked to change. It is on disk when this returns.
   *
   * @returns the record as it is now, or undefined when there is none any more
   * @throws the error of {@link writeRecord}; the record is then as it was.
   */
  update(key: ResourceKey, change: Partial<T>): T | undefined;
  /**
   * Records what has happened anyway, such as the end of a job: in memory in any case; when it cannot be written, that
   * is a line of the log and never an error.
   */
  note(key: ResourceKey, change: Partial<T>): T | undefined;
  /** @throws the system's error when the file cannot be removed; the record is then still there. */
  remove(key: ResourceKey): void;
}

export interface ResourceStoreOptions<T extends Resource> {
  /** Is made when it is not there. */
  readonly folder: string;
  /** Checks what is read. It must accept what it gave, dates as ISO texts. */
  readonly schema: z.ZodType<T>;
  readonly log: (line: string) => void;
}

/** A file that does not hold a record of the kind is renamed to `NAME.json.damaged` with a line in the log. */
export function openResourceStore<T extends Resource>(options: ResourceStoreOptions<T>): ResourceStore<T> {
  const { folder, log } = options;
  const records = new Map(load(options).map((record) => [keyOf(record), record]));
  const fileOf = (key: ResourceKey): string => path.join(folder, `${keyOf(key)}.json`);

  function changed(key: ResourceKey, change: Partial<T>): T | undefined {
    const record = records.get(keyOf(key));
    return record && { ...record, ...change };
  }

  return {
    all: (region) => [...records.values()].filter((record) => region === undefined || record.region === region),
    find: (key) => records.get(keyOf(key)),
    add(record) {
      if (records.has(keyOf(record))) throw new Error(`This is a bug: ${keyOf(record)} is there already.`);
      writeRecord(fileOf(record), record);
      records.set(keyOf(record), record);
      return record;
    },
    update(key, change) {
      const record = changed(key, change);
      if (!record) return undefined;
      writeRecord(fileOf(record), record);
      records.set(keyOf(record), record);
      return record;
    },
    note(key, change) {
      const record = changed(key, change);
      if (!record) return undefined;
      records.set(keyOf(record), record);
      try {
        writeRecord(fileOf(record), record);
      } catch (error) {
        log(`${(error as Error).message} After a restart the change will be missing.`);
      }
      return record;
    },
    remove(key) {
      rmSync(fileOf(key), { force: true });
      records.delete(keyOf(key));
    },
  };
}

function load<T extends Resource>(options: ResourceStoreOptions<T>): T[] {
  mkdirSync(options.folder, { recursive: true });
  const records = readdirSync(options.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .flatMap((file) => loadFile(file, options));
  return records.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** No file ends the service: what cannot be used is told and left out. */
function loadFile<T extends Resource>(file: string, options: ResourceStoreOptions<T>): T[] {
  try {
    if (file.endsWith(PARTIAL)) rmSync(file);
    if (!file.endsWith('.json')) return [];
    const read = readFile(file, options);
    if (typeof read !== 'string') return [read];
    options.log(
      `${file} is not a record of the local service: ${read}. It is set aside as ${path.basename(file)}.damaged.`,
    );
    renameSync(file, `${file}.damaged`);
  } catch (error) {
    options.log(`${file} is left out: ${(error as Error).message}`);
  }
  return [];
}

/** The record, or what is wrong with it. */
function readFile<T extends Resource>(file: string, { folder, schema }: ResourceStoreOptions<T>): T | string {
  let json: unknown;
  try {
    json = readRecord(file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
  const result = schema.safeParse(json);
  if (!result.success) return z.prettifyError(result.error).replaceAll('\n', ' ');
  const expected = path.join(folder, `${keyOf(result.data)}.json`);
  return expected === file ? result.data : `its record belongs into ${expected}`;
}
