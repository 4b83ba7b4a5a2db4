import { describe, expect, it } from 'vitest';
import { strayReason } from '../../../../lambdas/validator/object-name.ts';

const JSON_LINES = { contentType: 'application/jsonlines', compressionType: 'None' } as const;

describe('an object in a prefix', () => {
  it.each([
    ['in/', 'in/a.jsonl'],
    ['in/', 'in/deep/a.NDJSON'],
    ['in/', 'in/part-00000'],
    ['in/a.jsonl', 'in/a.jsonl'],
    ['in/part-', 'in/part-1.jsonl'],
    ['in', 'in/a.jsonl'],
    ['', 'a.jsonl'],
  ])('%s belongs when it is %s', (prefix, key) => {
    expect(strayReason(prefix, key, JSON_LINES)).toBeUndefined();
  });

  it.each([
    ['in/', 'in/a.jsonl.out', 'output of a transform'],
    ['in/', 'in/a.jsonl.gz', 'compressed'],
    ['in/', 'in/a.csv', 'ends in .csv'],
    ['in/', 'in/_SUCCESS', 'marker'],
    ['in/', 'in/.DS_Store', 'marker'],
    ['in', 'in-old/a.jsonl', 'neighbour folder'],
  ])('%s does not belong when it is %s', (prefix, key, reason) => {
    expect(strayReason(prefix, key, JSON_LINES)).toContain(reason);
  });

  it.each([
    ['in/a.jsonl.gz', 'application/jsonlines', 'Gzip', undefined],
    ['in/a.csv', 'text/csv', 'None', undefined],
    ['in/a.csv.gz', 'text/csv', 'Gzip', undefined],
    ['in/a.csv', 'application/x-tfrecord', 'None', 'ends in .csv'],
    ['in/train-0.tfrecord', 'application/x-tfrecord', 'None', undefined],
    ['in/part-0.001', 'text/csv', 'None', undefined],
    ['in/a.webp', 'image/png', 'None', 'ends in .webp'],
    ['in/anything.xyz', 'application/octet-stream', 'None', undefined],
  ] as const)('%s in a job of %s, %s, is judged by them', (key, contentType, compressionType, reason) => {
    const found = strayReason('in/', key, { contentType, compressionType });
    if (reason === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(reason);
  });
});
