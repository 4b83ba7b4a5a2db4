/** The records that ratings become where a run asks whether each reaches a threshold. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeThresholdRecords } from '../../../bench/accuracy/rating-thresholds.ts';

it('a rating becomes a record for each threshold, which is a token on both sides', async () => {
  // Prepare
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-thresholds-'));
  const [ratings, records] = [join(folder, 'ratings.jsonl'), join(folder, 'records.jsonl')];
  await writeFile(ratings, '{"in0": [1], "in1": [7], "label": 4.0}\n{"in0": [2], "in1": [8], "label": 1.0}\n');

  // Act
  await writeThresholdRecords(ratings, records, { values: [4, 5], firstIds: { in0: 10, in1: 20 } });
  const lines = (await readFile(records, 'utf8')).trimEnd().split('\n');
  await rm(folder, { recursive: true });

  // Assess
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { in0: [1, 14], in1: [7, 24], label: 1 },
    { in0: [1, 15], in1: [7, 25], label: 0 },
    { in0: [2, 14], in1: [8, 24], label: 0 },
    { in0: [2, 15], in1: [8, 25], label: 0 },
  ]);
});
