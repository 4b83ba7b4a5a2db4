/** The state on a disk that is full, and of a process that is killed in the middle of its writes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { counter, type Filled, openCounters } from '../../../fixtures/local-service/write-records.ts';
import { ownMounts } from '../../../own-mounts.ts';

const WRITER = path.resolve(import.meta.dirname, '../../../fixtures/local-service/write-records.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'twinvec-faults-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the writer until it has said so many numbers; gives the last one that it said before it was killed. */
async function writeAndKill(numbers: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, 'count', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let said = 0;
  let last = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = Number(line);
    said += 1;
    if (said === numbers) child.kill('SIGKILL');
  });
  await ended;
  return last;
}

it('a killed process leaves the last record that it finished, or the one that it was writing, whole', async () => {
  // Prepare
  const lines: string[] = [];
  const found: number[] = [];
  const said: number[] = [];

  // Act
  for (const numbers of [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]) {
    said.push(await writeAndKill(numbers));
    found.push(openCounters(folder, (line) => lines.push(line)).find(counter('counter'))?.count ?? -1);
  }

  // Assess
  expect(found.map((count, run) => count - said[run]!).filter((ahead) => ahead !== 0 && ahead !== 1)).toEqual([]);
  expect(lines).toEqual([]);
  expect(readdirSync(path.join(folder, 'eu-west-1'))).toEqual(['counter.json']);
});

it.skipIf(!ownMounts.available)(`a full disk refuses what does not fit and keeps what does${ownMounts.note}`, () => {
  // Act
  const script = 'mount -t tmpfs -o size=256k tmpfs "$2" && "$0" "$1" fill "$2" && echo && ls "$2/eu-west-1"';
  const args = ['-rm', 'sh', '-c', script, process.execPath, WRITER, folder];
  const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });

  // Assess
  expect(stderr).toBe('');
  const [json = '', ...files] = stdout.trim().split('\n');
  const filled = JSON.parse(json) as Filled;
  expect(filled.added).toBeGreaterThan(10);
  expect(filled).toMatchObject({
    code: 'DiskFull',
    message: expect.stringMatching(
      /could not be written to .*\.json \(ENOSPC\)\. Nothing was changed\. Make room on that disk\.$/,
    ),
    counts: [0, 2],
    lines: [expect.stringMatching(/n0\.json \(ENOSPC\).*After a restart the change will be missing\.$/)],
  });
  expect(files.sort()).toEqual(Array.from({ length: filled.added }, (_, index) => `n${index}.json`).sort());
});
