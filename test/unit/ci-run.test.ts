/** .ci/run: a step that fails fails the run, and an image that could not be checked is the only thing that may be missing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const SCRIPT = resolve(import.meta.dirname, '../../.ci/run');
const folder = mkdtempSync(join(tmpdir(), 'twinvec-ci-'));
const NPM = '#!/bin/sh\necho "$@"\ncase "$*" in "$FAILS"*) exit "$WITH";; esac\n';

afterAll(() => rmSync(folder, { recursive: true }));

/** With an npm that says what it is asked, and fails when that begins with `fails`. */
function runScript(fails: string, exitCode: number): { steps: string[]; status: number | null } {
  writeFileSync(join(folder, 'npm'), NPM, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env.PATH}`, FAILS: fails, WITH: String(exitCode) };
  const { stdout, status } = spawnSync(SCRIPT, { encoding: 'utf8', env });
  return { steps: stdout.trim().split('\n'), status };
}

describe('.ci/run', () => {
  it.each([
    ['nothing', 1, ['ci', 'test', 'run -s image:check -- --install'], 0],
    ['ci', 1, ['ci'], 1],
    ['test', 1, ['ci', 'test'], 1],
    ['run', 1, ['ci', 'test', 'run -s image:check -- --install'], 1],
    ['run', 2, ['ci', 'test', 'run -s image:check -- --install'], 1],
    ['run', 3, ['ci', 'test', 'run -s image:check -- --install'], 0],
  ])('when %s fails with %i', (fails, exitCode, steps, status) => {
    expect(runScript(fails, exitCode)).toEqual({ steps, status });
  });
});
