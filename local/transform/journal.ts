/**
 * What a job has finished so far, one line an object, so that a job which is taken up again after the service was
 * killed does only what is left. A line is written when its output is there; one that was cut is not a line.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { FinishedObject } from './report.ts';
import type { SourceObject } from './storage.ts';

export interface Journal {
  finishedBefore(object: SourceObject): FinishedObject | undefined;
  add(object: SourceObject, finished: FinishedObject): void;
  close(): void;
}

const Line = z.tuple([
  z.string(),
  z.object({ recordsIn: z.number(), recordsOut: z.number(), bytesOut: z.number(), placeholders: z.number() }),
]);

/** Lines that are not whole are left out, and their objects transformed again. */
export function openJournal(file: string): Journal {
  mkdirSync(path.dirname(file), { recursive: true });
  const text = readText(file);
  const before = new Map(text.split('\n').flatMap(readLine));
  const open = openSync(file, 'a');
  // What a kill cut off must not become the start of the next line.
  if (text !== '' && !text.endsWith('\n')) writeSync(open, '\n');
  return {
    finishedBefore(object) {
      const sums = before.get(keyOf(object));
      return sums && { ...sums, listedPlaceholders: [] };
    },
    add(object, { recordsIn, recordsOut, bytesOut, placeholders }) {
      writeSync(open, `${JSON.stringify([keyOf(object), { recordsIn, recordsOut, bytesOut, placeholders }])}\n`);
    },
    close: () => closeSync(open),
  };
}

/** For a job that has come to its end. */
export function removeJournal(file: string): void {
  rmSync(file, { force: true });
}

/** An object that was replaced in the meantime is another one. */
function keyOf({ label, version = '' }: SourceObject): string {
  return `${label}\n${version}`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function readLine(line: string): [string, Omit<FinishedObject, 'listedPlaceholders'>][] {
  try {
    const result = Line.safeParse(JSON.parse(line));
    return result.success ? [result.data] : [];
  } catch {
    return [];
  }
}
