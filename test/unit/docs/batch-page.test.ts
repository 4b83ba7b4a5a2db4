/** The table of docs/batch.md names the fields that a job in infra/jobs has, all of them, and options that the command has. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobDefinition } from '../../../infra/jobs/schema.ts';
import { runTwinvec } from '../../run-twinvec.ts';

const PAGE = readFileSync(join(resolve(import.meta.dirname, '../../..'), 'docs/batch.md'), 'utf8');
const TABLE = PAGE.slice(PAGE.indexOf('| field of CreateTransformJob'), PAGE.indexOf('Of a job in `infra/jobs`'));
const ROWS = TABLE.trim()
  .split('\n')
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** Of the run around the transform, and not of CreateTransformJob. */
const OURS = ['name', 'modelKind', 'maxBadRecords', 'maxPlaceholders', 'failedFileRetries', 'schedule'];

describe('the fields of a job', () => {
  it('are those of its schema', () => {
    const documented = ROWS.flatMap((cells) => [...cells[3]!.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
    expect([...documented, ...OURS].sort()).toEqual(Object.keys(JobDefinition.shape).sort());
  });

  it('have options that the command has', async () => {
    const { out } = await runTwinvec(['transform', '--help']);
    const options = ROWS.flatMap((cells) => [...cells[2]!.matchAll(/`(--[\w-]+)/g)].map((match) => match[1]!));
    expect(options.length).toBeGreaterThan(15);
    expect(options.filter((option) => !out.includes(`${option} `))).toEqual([]);
  });
});
