/**
 * The architecture as a test: which top-level folder may import which, and what `core` may import at all.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** Folder -> the other folders of ours that it may import. */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  container: ['core'],
  lambdas: ['core'],
  infra: ['core'],
  local: ['core', 'container', 'lambdas'],
  cli: ['core', 'container', 'lambdas', 'local'],
  demo: ['core', 'container', 'lambdas', 'local', 'cli'],
  examples: ['core', 'container', 'local', 'cli'],
  bench: ['core', 'container', 'lambdas', 'local', 'cli', 'demo', 'test'],
};

/** Built-ins that neither read the world nor change it. */
const PURE_BUILTINS = ['node:buffer', 'node:crypto', 'node:zlib', 'node:string_decoder'];
const CORE_LIBRARIES = ['zod', '@bufbuild/protobuf/wire'];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^']+)'/g)].map((match) => ({
    file,
    specifier: match[1]!,
  }));
}

/** The top-level folder of ours that an import reaches, or undefined for a package. */
function folderOf({ file, specifier }: Import): string | undefined {
  if (specifier.startsWith('#core/')) return 'core';
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(file, '..', specifier)).split('/')[0];
}

/** The file of ours that an import reaches, or undefined for a package. */
function fileOf({ file, specifier }: Import): string | undefined {
  if (specifier.startsWith('#core/')) return join(ROOT, 'core', specifier.slice('#core/'.length));
  return specifier.startsWith('.') ? resolve(file, '..', specifier) : undefined;
}

/** The files of the first circle that is met, the first of them also last; undefined when there is none. */
function findCircle(importsFrom: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  function visit(file: string, way: readonly string[]): readonly string[] | undefined {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of importsFrom.get(file) ?? []) {
      const circle = visit(next, [...way, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  }
  for (const file of importsFrom.keys()) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return undefined;
}

describe('imports between the folders', () => {
  it.each(Object.keys(ALLOWED))('%s imports only what it may', (folder) => {
    // Prepare
    const imports = sourceFiles(folder).flatMap(importsOf);

    // Act
    const forbidden = imports.filter((one) => {
      const target = folderOf(one);
      return target !== undefined && target !== folder && !ALLOWED[folder]!.includes(target);
    });

    // Assess
    expect(imports.length).toBeGreaterThan(0);
    expect(forbidden.map(({ file, specifier }) => `${relative(ROOT, file)} -> ${specifier}`)).toEqual([]);
  });

  it('never lead in a circle, not even for types', () => {
    // Act
    const files = Object.keys(ALLOWED).flatMap(sourceFiles);
    const circle = findCircle(
      new Map(files.map((file) => [file, importsOf(file).flatMap((one) => fileOf(one) ?? [])])),
    );

    // Assess
    expect(circle?.map((file) => relative(ROOT, file))).toBeUndefined();
  });

  it('core imports only pure built-ins and the schema library', () => {
    // Act
    const packages = sourceFiles('core')
      .flatMap(importsOf)
      .map(({ specifier }) => specifier)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('#core/'));

    // Assess
    expect(packages.filter((name) => ![...PURE_BUILTINS, ...CORE_LIBRARIES].includes(name))).toEqual([]);
  });

  it('core reads no clock, environment or randomness', () => {
    // Act
    const impure = sourceFiles('core').filter((file) =>
      /process\.env|Date\.now\(|new Date\(\)|Math\.random\(/.test(readFileSync(file, 'utf8')),
    );

    // Assess
    expect(impure.map((file) => relative(ROOT, file))).toEqual([]);
  });

  it('code of ours is imported across folders by its alias, not by climbing', () => {
    // Act
    const climbing = Object.keys(ALLOWED)
      .filter((folder) => folder !== 'core')
      .flatMap(sourceFiles)
      .flatMap(importsOf)
      .filter((one) => folderOf(one) === 'core' && !one.specifier.startsWith('#core/'));

    // Assess
    expect(climbing).toEqual([]);
  });
});
