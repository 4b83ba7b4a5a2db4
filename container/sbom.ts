/**
 * Program: the bill of materials of the image, read from what lies in it: the packages in node_modules, the wheels that
 * the TensorFlow libraries came from, Debian's packages and Node. CycloneDX 1.5, the same bytes for the same image.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Component {
  readonly type: 'library' | 'application';
  readonly name: string;
  readonly version: string;
  /** The name that all tools know it by (github.com/package-url/purl-spec). */
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
}

export interface Places {
  /** With `node_modules`. */
  readonly app: string;
  /** pip's requirements, with the hash of each wheel. */
  readonly requirements: string;
  /** dpkg's own list. */
  readonly debian: string;
}

const IN_IMAGE: Places = {
  app: resolve(import.meta.dirname, '..'),
  requirements: '/opt/tensorflow/requirements.txt',
  debian: '/var/lib/dpkg/status',
};

/** What is there; places that are not there hold nothing. */
export function listComponents({ app, requirements, debian }: Places): Component[] {
  const node: Component = {
    type: 'application',
    name: 'node',
    version: process.versions.node,
    purl: `pkg:generic/node@${process.versions.node}`,
  };
  return [
    node,
    ...installedPackages(join(app, 'node_modules')),
    ...pinnedWheels(textOf(requirements)),
    ...debianPackages(textOf(debian)),
  ];
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function installedPackages(modules: string): Component[] {
  if (!existsSync(modules)) return [];
  const entries = readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  return entries.flatMap((name) => {
    const folder = join(modules, name);
    if (name.startsWith('@')) return installedPackages(folder).filter(({ name: full }) => full.startsWith(name));
    const manifest = join(folder, 'package.json');
    if (!existsSync(manifest)) return [];
    const { name: full, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string };
    const purl = `pkg:npm/${full.replace('@', '%40')}@${version}`;
    return [
      { type: 'library' as const, name: full, version, purl },
      ...installedPackages(join(folder, 'node_modules')),
    ];
  });
}

function pinnedWheels(text: string): Component[] {
  const pins = text.replaceAll('\\\n', ' ').matchAll(/^([a-z0-9-]+)==(\S+) +--hash=sha256:([0-9a-f]{64})$/gm);
  return [...pins].map(([, name, version, content]) => ({
    type: 'library',
    name: name!,
    version: version!,
    purl: `pkg:pypi/${name}@${version}`,
    hashes: [{ alg: 'SHA-256', content: content! }],
  }));
}

function debianPackages(text: string): Component[] {
  return text.split('\n\n').flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(block)?.[1];
    const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
    if (!name || !version || field('Status') !== 'install ok installed') return [];
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    return [{ type: 'library' as const, name, version, purl }];
  });
}

export function billOfMaterials(components: readonly Component[]): string {
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components }, null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(billOfMaterials(listComponents(IN_IMAGE)));
}
