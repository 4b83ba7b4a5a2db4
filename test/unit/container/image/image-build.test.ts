/** The programs of the image's build: which packages stay, and what the bill of materials says of those that did. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { neededPlaces } from '../../../../container/keep-packages.ts';
import { billOfMaterials, listComponents } from '../../../../container/sbom.ts';

const LOCKED = {
  'node_modules/server': { dependencies: { shared: '^2', peerless: '*' }, peerDependencies: { host: '*' } },
  'node_modules/server/node_modules/shared': { dependencies: { leaf: '*' } },
  'node_modules/shared': { dependencies: { tool: '*' } },
  'node_modules/host': { dependencies: { server: '*' } },
  'node_modules/leaf': {},
  'node_modules/tool': {},
};

describe('the packages that stay', () => {
  it('are those named and what they need, found as Node finds it', () => {
    expect([...neededPlaces(LOCKED, ['server'])].sort()).toEqual([
      'node_modules/host',
      'node_modules/leaf',
      'node_modules/server',
      'node_modules/server/node_modules/shared',
    ]);
  });

  it('cannot be named without being locked', () => {
    expect(() => neededPlaces(LOCKED, ['stranger'])).toThrow('package-lock.json has no stranger.');
  });
});

describe('the bill of materials', () => {
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'twinvec-sbom-'));
    for (const name of ['plain', '@scope/one', 'plain/node_modules/inner']) {
      const folder = join(scratch, 'node_modules', name);
      await mkdir(folder, { recursive: true });
      const manifest = { name: name.split('node_modules/').at(-1), version: '1.2.3' };
      await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    }
    await writeFile(join(scratch, 'requirements.txt'), `# why\na-wheel==2.0 \\\n    --hash=sha256:${'a'.repeat(64)}\n`);
    const removed = 'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n';
    const installed = 'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2:2.36-9+deb12u14\n';
    await writeFile(join(scratch, 'status'), `${removed}\n${installed}`);
  });

  afterAll(() => rm(scratch, { recursive: true }));

  it('names every package, wheel and Debian package that is installed, and Node', () => {
    // Act
    const places = { app: scratch, requirements: join(scratch, 'requirements.txt'), debian: join(scratch, 'status') };
    const components = listComponents(places);

    // Assess
    expect(components.map(({ purl }) => purl)).toEqual([
      `pkg:generic/node@${process.versions.node}`,
      'pkg:npm/%40scope/one@1.2.3',
      'pkg:npm/plain@1.2.3',
      'pkg:npm/inner@1.2.3',
      'pkg:pypi/a-wheel@2.0',
      'pkg:deb/debian/libc6@2%3A2.36-9%2Bdeb12u14?arch=amd64',
    ]);
    expect(components.find(({ name }) => name === 'a-wheel')?.hashes).toEqual([
      { alg: 'SHA-256', content: 'a'.repeat(64) },
    ]);
    expect(JSON.parse(billOfMaterials(components))).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  });

  it('holds Node alone where nothing else is', () => {
    const nowhere = join(scratch, 'nowhere');
    expect(listComponents({ app: nowhere, requirements: nowhere, debian: nowhere })).toHaveLength(1);
  });
});
