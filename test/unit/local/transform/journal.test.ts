import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal, removeJournal } from '../../../../local/transform/journal.ts';
import type { SourceObject } from '../../../../local/transform/storage.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-journal-'));
  file = path.join(folder, 'region', 'job.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

function object(label: string, version?: string): SourceObject {
  return { label, version, outputName: `${label}.out`, bytes: 1, open: () => new ReadableStream() };
}
const SUMS = { recordsIn: 3, recordsOut: 2, bytesOut: 10, placeholders: 1 };
const FINISHED = { ...SUMS, listedPlaceholders: [] };

it('remembers finished objects with their figures, until one is replaced', () => {
  // Prepare
  const journal = openJournal(file);
  journal.add(object('bucket/a\n"é', 'v1'), FINISHED);
  journal.close();

  // Act
  const again = openJournal(file);

  // Assess
  expect(again.finishedBefore(object('bucket/a\n"é', 'v1'))).toEqual(FINISHED);
  expect(again.finishedBefore(object('bucket/a\n"é', 'v2'))).toBeUndefined();
  expect(again.finishedBefore(object('bucket/b', 'v1'))).toBeUndefined();
  again.close();
});

it('takes a journal that was cut at any byte for what is whole in it, and goes on', async () => {
  const journal = openJournal(file);
  for (const label of ['a', 'b']) journal.add(object(label), FINISHED);
  journal.close();
  const whole = await readFile(file);
  const firstLine = whole.indexOf('\n') + 1;

  for (let length = 0; length <= whole.length; length++) {
    await writeFile(file, whole.subarray(0, length));
    const cut = openJournal(file);
    cut.add(object('c'), FINISHED);
    cut.close();
    const again = openJournal(file);
    again.close();

    const known = ['a', 'b', 'c'].filter((label) => again.finishedBefore(object(label)));
    // A line that lacks only its newline is whole.
    const expected = ['a', 'b'].filter((_, index) => length >= (index + 1) * firstLine - 1);
    expect(known, `cut after ${length} bytes`).toEqual([...expected, 'c']);
  }
});

it('leaves nothing behind at the end of a job, and ignores what is no journal', async () => {
  const journal = openJournal(file);
  journal.close();
  await appendFile(file, '[1]\nnull\n{}\n');

  const again = openJournal(file);
  again.close();
  removeJournal(file);

  expect(await readdir(path.dirname(file))).toEqual([]);
});
