/** What lies in the image, and what it says about itself: labels, programs, rights, bill of materials, size. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf, imageUnderTest, runInImage } from './image.ts';

const image = imageUnderTest()!;
const READ_BY_OTHERS = 0o004;

describe('the image', () => {
  it('starts the entry point itself and carries the labels of SageMaker', () => {
    expect(image.entrypoint).toEqual(['node', '/app/container/src/main.ts']);
    expect(image.command).toEqual(['serve']);
    expect(image.labels).toMatchObject({
      'com.amazonaws.sagemaker.capabilities.accept-bind-to-port': 'true',
      'com.amazonaws.sagemaker.capabilities.multi-models': 'true',
    });
  });

  it('has no compiler, Python, package manager of Node, sources of tests or wheels', () => {
    const programs = ['usr/bin', 'usr/local/bin'].flatMap((folder) => filesOf(image, folder));
    expect(
      programs.filter((path) => /\/(?:g\+\+|gcc|cc|make|python3?|pip3?|npm|npx|yarn|corepack)$/.test(path)),
    ).toEqual([]);
    expect(
      filesOf(image, 'app').filter(
        (path) => /\.(?:test\.ts|whl|tar\.gz)$|\/test\//.test(path) && !path.includes('node_modules'),
      ),
    ).toEqual([]);
    expect(existsSync(join(image.root, 'wheels'))).toBe(false);
  });

  it('may be read by the user that its process becomes', () => {
    const closed = ['app', 'opt']
      .flatMap((folder) => filesOf(image, folder))
      .filter((path) => {
        return (statSync(join(image.root, path)).mode & READ_BY_OTHERS) === 0;
      });
    expect(closed).toEqual([]);
  });

  it('has no file that gives its caller the rights of another user', () => {
    const setUser = ['usr', 'opt', 'app', 'etc', 'var']
      .flatMap((folder) => filesOf(image, folder))
      .filter((path) => {
        const found = statSync(join(image.root, path), { throwIfNoEntry: false });
        return found?.isFile() && (found.mode & 0o6000) !== 0;
      });
    expect(setUser).toEqual([]);
  });

  it('lists what it is made of', async () => {
    // Act
    const { exitCode, out } = await runInImage({ ...image, entrypoint: ['node', '/app/container/sbom.ts'] }, {}, []);

    // Assess
    const { bomFormat, components } = JSON.parse(out) as { bomFormat: string; components: { purl: string }[] };
    const of = (kind: string) =>
      components.filter(({ purl }) => purl.startsWith(`pkg:${kind}/`)).map(({ purl }) => purl);
    expect([exitCode, bomFormat]).toEqual([0, 'CycloneDX']);
    expect(of('generic')).toEqual([expect.stringMatching(/^pkg:generic\/node@24\./)]);
    expect(of('pypi')).toContain(`pkg:pypi/tensorflow${image.variant === 'cpu' ? '-cpu' : ''}@2.21.0`);
    expect(of('npm').length).toBeGreaterThan(10);
    expect(of('npm').length).toBeLessThanOrEqual(60);
    expect(of('npm').filter((purl) => /aws-sdk|tfjs-node|vitest|typescript/.test(purl))).toEqual([]);
    expect(of('deb').length).toBeGreaterThan(20);
  });

  it('is as large as docs/deploy.md says', () => {
    // Prepare
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
    const stated = new RegExp(`^\\| \`${image.variant}\` \\| ([\\d.]+) GB`, 'm').exec(page)?.[1];

    // Assess: to a twentieth of a gigabyte, because Debian's packages grow
    expect(Math.abs(Number(stated) - image.bytes / 1e9)).toBeLessThan(0.05);
  });
});
