import { describe, expect, it } from 'vitest';
import { type FileCounts, reconcile } from '#core/jobs/reconcile.ts';

/** Counts against a threshold, of an input that has not changed. */
const reconciled = (files: readonly FileCounts[], maxPlaceholders: number) =>
  reconcile(files, { maxPlaceholders, inputChanged: false });

const file = (recordsIn: number, recordsOut: number | undefined, placeholders = 0): FileCounts => ({
  input: 's3://in/a',
  output: 's3://out/a.out',
  recordsIn,
  recordsOut,
  placeholders,
});

describe('a reconciliation', () => {
  it('holds when every file has as many records out as in', () => {
    expect(reconciled([file(3, 3), file(2, 2)], 0)).toEqual({
      reconciled: true,
      inputChanged: false,
      files: 2,
      recordsIn: 5,
      recordsOut: 5,
      placeholders: 0,
      mismatches: [],
      mismatchedFiles: 0,
    });
  });

  it('names the file that lost a record even when the totals agree', () => {
    const result = reconciled([file(3, 2), file(2, 3)], 0);
    expect(result).toMatchObject({ reconciled: false, recordsIn: 5, recordsOut: 5, mismatchedFiles: 2 });
  });

  it('fails for an output that is missing, and for no files at all', () => {
    expect(reconciled([file(3, undefined)], 0)).toMatchObject({ reconciled: false, recordsOut: 0 });
    expect(reconciled([], 0).reconciled).toBe(false);
  });

  it('counts placeholders against the threshold', () => {
    expect(reconciled([file(3, 3, 2)], 1).reconciled).toBe(false);
    expect(reconciled([file(3, 3, 2)], 2).reconciled).toBe(true);
  });

  it('fails when the input is no longer what was looked at, whatever the counts', () => {
    const rules = { maxPlaceholders: 0, inputChanged: true };
    expect(reconcile([file(3, 3)], rules)).toMatchObject({ reconciled: false, inputChanged: true, mismatchedFiles: 0 });
  });

  it('stays small when every file is wrong', () => {
    const files = Array.from({ length: 1000 }, () => file(1, 0));
    expect(reconciled(files, 0)).toMatchObject({ mismatchedFiles: 1000, mismatches: { length: 20 } });
  });
});
