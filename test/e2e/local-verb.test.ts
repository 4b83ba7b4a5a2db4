/** `twinvec local` as a person meets it: what the terminal says at the start, for each request, at the end, and when it cannot start. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTwinvec, spawnTwinvec } from '../run-twinvec.ts';

let work: string;

beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'twinvec-verb-'));
});

afterEach(() => rmSync(work, { recursive: true }));

/** Collects what it prints, and waits for a piece of it. */
function reading(child: ChildProcess) {
  let said = '';
  const listeners = new Set<() => void>();
  child.stdout!.on('data', (chunk) => {
    said += chunk;
    for (const listener of listeners) listener();
  });
  return {
    text: () => said,
    until: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve) => {
        const look = (): void => {
          const found = pattern.exec(said);
          if (found) resolve(found);
        };
        listeners.add(look);
        look();
      }),
  };
}

describe('twinvec local', () => {
  it('shows where it is, what to export, each request of others in a line, and ends with Ctrl-C', async () => {
    // Prepare
    const child = spawnTwinvec(['local', '--port', '0', '--dir', work]);
    const terminal = reading(child);
    const [, url] = await terminal.until(/export AWS_ENDPOINT_URL=(\S+)/);

    // Act
    await (await fetch(`${url}/my-bucket`, { method: 'PUT' })).text();
    await (await fetch(`${url}/my-bucket/none`)).text();
    const page = await (await fetch(`${url}/`, { headers: { accept: 'text/html' } })).text();
    await terminal.until(/none {2}404/);
    child.kill('SIGINT');
    const [exitCode] = await once(child, 'close');

    // Assess
    expect(page).toContain(`AWS_ENDPOINT_URL=${url}`);
    expect(terminal.text()).toContain(`Objects are files below ${path.join(work, 's3')}`);
    expect(terminal.text()).toContain('export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1');
    expect(terminal.text()).toMatch(/S3 PUT \/my-bucket {2}200 {2}\d+ ms/);
    expect(terminal.text()).toContain('Ctrl-C again ends them at once.');
    expect(exitCode).toBe(0);
  });

  it.each([
    ['a folder that is a file', () => writeFileSync(path.join(work, 'dir'), ''), /dir cannot be written \(EEXIST\)/],
    [
      'a folder of the first versions',
      () => {
        mkdirSync(path.join(work, 'dir/s3/buckets/b'), { recursive: true });
        writeFileSync(path.join(work, 'dir/s3/buckets/b/.bucket.json'), '{}');
      },
      /was written by an older version of the local service/,
    ],
  ])('says why it cannot start with %s, and ends', async (_name, prepare, message) => {
    // Prepare
    prepare();

    // Act
    const ended = await runTwinvec(['local', '--port', '0', '--dir', path.join(work, 'dir')]);

    // Assess
    expect(ended.errors).toMatch(message);
    expect(ended.exitCode).toBe(2);
  });

  it.each(['0', '0.5', 'x', '1000001', 'Infinity'])('refuses --deployment-speed %s, and ends', async (factor) => {
    const ended = await runTwinvec(['local', '--dir', work, '--deployment-speed', factor]);

    expect(ended.errors).toContain('Give a number from 1 to 1000000.');
    expect(ended.exitCode).not.toBe(0);
  });

  it.each(['0', '-1', 'x', '86401', 'Infinity'])('refuses --invocation-timeout %s, and ends', async (seconds) => {
    const ended = await runTwinvec(['local', '--dir', work, '--invocation-timeout', seconds]);

    expect(ended.errors).toContain('Give a number above 0, at most 86400.');
    expect(ended.exitCode).not.toBe(0);
  });
});
