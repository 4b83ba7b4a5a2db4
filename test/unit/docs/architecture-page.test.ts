/** docs/architecture.md: its map names folders that there are, and its picture is what the template of production is. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findEnvironment } from '../../../infra/environments/all.ts';
import { drawDeployment } from '../../infra/deployment-picture.ts';
import { synthesise } from '../../infra/synthesise.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** Such as `infra/stacks/`, with the folder itself. */
function foldersBelow(top: string): string[] {
  const below = readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => `${relative(ROOT, join(parentPath, name))}/`);
  return [top, ...below];
}

function isFolder(path: string): boolean {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

describe('the map', () => {
  /** Every `folder/` of a line, below the folder that its block begins with. */
  const blocks = PAGE.split('```')[1]!
    .trim()
    .split(/\n(?=\S)/);

  it('names folders that there are, wherever below their own they lie', () => {
    const missing = blocks.flatMap((block) => {
      const [top, ...below] = [...block.matchAll(/(?:^|\s)((?:[\w-]+\/)+)(?=\s|$)/g)].map((match) => match[1]!);
      const inTop = foldersBelow(top!);
      return below.filter((path) => !inTop.some((folder) => folder.endsWith(`/${path}`)) && !isFolder(path));
    });
    expect(blocks.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });

  it('has every folder that holds code of ours', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^[a-z]+$/.test(entry.name))
      .map(({ name }) => name)
      .filter((name) => !['node_modules', 'docs', 'shared', 'coverage', 'dist'].includes(name));
    expect(folders.filter((name) => !PAGE.split('```')[1]!.includes(`${name}/`))).toEqual([]);
  });
});

describe('the picture of a deployment', () => {
  it('is drawn from the roles of production: put this into the page when they change', () => {
    const picture = drawDeployment(synthesise(findEnvironment('prod')));
    const [, drawn] = /```mermaid\n([\s\S]*?)\n```/.exec(PAGE) ?? [];
    expect(drawn).toBe(picture);
  });
});
