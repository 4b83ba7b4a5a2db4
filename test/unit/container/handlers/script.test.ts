/** Where the handlers of a model are looked for. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findHandlerScript } from '../../../../container/src/handlers/script.ts';

let modelDir: string;

beforeEach(async () => {
  modelDir = await mkdtemp(join(tmpdir(), 'twinvec-script-'));
  await mkdir(join(modelDir, 'code'));
});

afterEach(() => rm(modelDir, { recursive: true, force: true }));

const put = (name: string) => writeFile(join(modelDir, 'code', name), '');

describe('the script of a model', () => {
  it.each(['ts', 'mts', 'js', 'mjs', 'cjs'])('is code/inference.%s', async (extension) => {
    await put(`inference.${extension}`);
    expect(findHandlerScript(modelDir)).toBe(join(modelDir, 'code', `inference.${extension}`));
  });

  it('is absent in most models', async () => {
    await put('requirements.txt');
    expect(findHandlerScript(modelDir)).toBeUndefined();
  });

  it('is not chosen among several', async () => {
    await Promise.all([put('inference.ts'), put('inference.js')]);
    expect(() => findHandlerScript(modelDir)).toThrow('code/ holds inference.ts and inference.js. Leave one of them.');
  });

  it('is not Python: serving without its handlers would answer something else', async () => {
    await put('inference.py');
    expect(() => findHandlerScript(modelDir)).toThrow('Port it to code/inference.ts');
  });

  it('may be ported and keep the Python beside it', async () => {
    await Promise.all([put('inference.ts'), put('inference.py')]);
    expect(findHandlerScript(modelDir)).toBe(join(modelDir, 'code', 'inference.ts'));
  });
});
