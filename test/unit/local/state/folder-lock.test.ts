import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFolder } from '../../../../local/state/folder-lock.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'twinvec-lock-'));
  file = path.join(dir, 'service.pid');
});
afterEach(() => rmSync(dir, { recursive: true }));

it('refuses a folder that this process holds, and gives it back', () => {
  const unlock = lockFolder(dir);
  expect(() => lockFolder(dir)).toThrow(`${dir} is in use by process ${process.pid}. Stop it or choose another folder`);

  unlock();
  expect(existsSync(file)).toBe(false);
  lockFolder(dir)();
});

it('refuses the folder of another process as long as that lives, and then takes it over', async () => {
  // Prepare
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  writeFileSync(file, `${other.pid}\n`);

  // Act and assess
  expect(() => lockFolder(dir)).toThrow(`is in use by process ${other.pid}.`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  lockFolder(dir)();
});

it.each(['', 'what', '-1', '0', `${process.pid}`])('takes over a folder whose lock says %j', (text) => {
  writeFileSync(file, text);
  lockFolder(dir)();
});
