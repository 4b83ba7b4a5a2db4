/** docs/local-differences.md against the local service: the operations it lists are those that there are. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { S3_OPERATIONS } from '../../../local/s3/handle-s3.ts';
import { startLocal } from '../../../local/start.ts';

const PAGE = readFileSync(new URL('../../../docs/local-differences.md', import.meta.url), 'utf8');

/** Names in backquotes in the first table of a section, from one of its columns. */
function namesIn(section: string, column: number): string[] {
  const [, text = ''] = PAGE.split(`\n## ${section}\n`);
  const [table = ''] = /(?:^\|.*\n)+/m.exec(text) ?? [];
  const cells = table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|')[column + 1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!)).sort();
}

/** The service names them all when it is asked for one that is not there. */
async function knownOperations(): Promise<string[]> {
  const dir = mkdtempSync(path.join(tmpdir(), 'twinvec-operations-'));
  const service = await startLocal({ port: 0, dir });
  try {
    const answer = await fetch(service.url, { method: 'POST', headers: { 'x-amz-target': 'SageMaker.None' } });
    const { message } = (await answer.json()) as { readonly message: string };
    const [, names = ''] = /operations: (.*)\.$/.exec(message) ?? [];
    return names.split(', ').map((name) => name.replace(/^.*\./, ''));
  } finally {
    await service.close();
    rmSync(dir, { recursive: true });
  }
}

it('lists every operation of SageMaker and CloudWatch Logs that the service has, and no other', async () => {
  expect(namesIn('Operations', 1)).toEqual((await knownOperations()).sort());
});

it('lists every operation of S3 that the service has, and no other', () => {
  expect(namesIn('S3', 0)).toEqual([...S3_OPERATIONS].sort());
});
