/**
 * The Dockerfile read as text: what can be checked about an image where no Docker engine is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IgnoreStrategy } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** Instructions with their continuation lines joined and comments dropped. */
function instructions(): Instruction[] {
  const lines = read('container/Dockerfile')
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'));
  return lines
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { keyword: line.slice(0, space), text: line.slice(space + 1).replace(/\s+/g, ' ') };
    });
}

function of(keyword: string): string[] {
  return instructions()
    .filter((instruction) => instruction.keyword === keyword)
    .map(({ text }) => text);
}

describe('the Dockerfile', () => {
  it('copies only files that exist and that .dockerignore lets through', () => {
    // Prepare
    const ignore = IgnoreStrategy.docker(ROOT, read('.dockerignore').split('\n'));
    const sources = of('COPY')
      .filter((text) => !text.startsWith('--from='))
      .flatMap((text) => text.split(' ').slice(0, -1));

    // Act
    const missing = sources.filter((source) => !existsSync(join(ROOT, source)));
    const ignored = sources.filter((source) => ignore.ignores(join(ROOT, source)));

    // Assess
    expect(sources.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
    expect(ignored).toEqual([]);
  });

  it('keeps everything else out of the build', () => {
    // Prepare
    const ignore = IgnoreStrategy.docker(ROOT, read('.dockerignore').split('\n'));

    // Act
    const letThrough = ['.git', 'node_modules', 'test', 'infra', 'lambdas', 'local', '.env', 'README.md'].filter(
      (path) => !ignore.ignores(join(ROOT, path)),
    );

    // Assess
    expect(letThrough).toEqual([]);
  });

  it('copies from stages that it has', () => {
    const stages = of('FROM').map((text) => text.split(' AS ')[1]);
    const used = of('COPY').flatMap((text) => /^--from=(\S+)/.exec(text)?.[1] ?? []);
    expect(used.filter((stage) => !stages.includes(stage))).toEqual([]);
  });

  it('starts node itself, with the verb left to SageMaker', () => {
    const [entrypoint] = of('ENTRYPOINT');
    expect(JSON.parse(entrypoint ?? '')).toEqual(['node', '/app/container/src/main.ts']);
    expect(existsSync(join(ROOT, 'container/src/main.ts'))).toBe(true);
    expect(JSON.parse(of('CMD')[0] ?? '')).toEqual(['serve']);
  });

  it('says that it binds to the port it is told, and exposes the default', () => {
    expect(of('LABEL')).toEqual([
      'com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true',
      'com.amazonaws.sagemaker.capabilities.multi-models=true',
    ]);
    expect(of('EXPOSE')).toEqual(['8080']);
  });

  it('fetches nothing that is not pinned, and pipes nothing into a shell', () => {
    const everything = read('container/Dockerfile');
    expect(of('ADD')).toEqual([]);
    expect(everything).not.toMatch(/curl|wget|\|\s*(?:ba)?sh/);
    for (const install of everything.match(/npm ci[^\n]*/g) ?? []) expect(install).toContain('--ignore-scripts');
    expect(everything).toMatch(/pip download[\s\S]*--require-hashes/);
    expect(of('ARG')[0]).toMatch(/^NODE_IMAGE=node:24\.\d+\.\d+-/);
  });

  it('leaves development packages and build tools out of the last stage', () => {
    // Prepare
    const text = read('container/Dockerfile');

    // Act
    const last = text.slice(text.lastIndexOf('\nFROM '));

    // Assess
    expect(last).toMatch(/^\nFROM base AS runtime/);
    expect(last).toContain('npm ci --omit=dev');
    expect(last).toMatch(/rm -rf [^&]*\/usr\/local\/bin\/npm /);
    expect(last).toMatch(/find \/ -xdev -type f -perm \/6000 -exec chmod a-s/);
    expect(last).not.toMatch(/apt-get|g\+\+|python/);
  });

  it('keeps the packages that the server imports, and no others', () => {
    // Prepare
    const sources = ['container/src', 'core'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => read(join(folder, name))),
    );
    const imported = sources.flatMap((source) =>
      [...source.matchAll(/(?:from |import\()'((?:@[a-z-]+\/)?[a-z-]+)/g)].map((match) => match[1]!),
    );
    const dependencies: string[] = Object.keys(JSON.parse(read('package.json')).dependencies);

    // Act
    const kept = of('RUN').flatMap((text) => /keep-packages\.ts ([^&]*)&&/.exec(text)?.[1]?.trim().split(' ') ?? []);

    // Assess
    expect(kept).toEqual(dependencies.filter((name) => imported.includes(name)));
  });

  it('starts root, as SageMaker expects, to become a user that is named', () => {
    expect(of('USER')).toEqual([]);
    expect(of('ENV').at(-1)).toMatch(/ TWINVEC_RUN_AS=1000$/);
  });

  it.each(['cpu', 'gpu'])('pins every wheel of the %s image by version and hash', (variant) => {
    const entries = read(`container/requirements-${variant}.txt`)
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(entry).toMatch(/^[a-z0-9-]+==\d[\w.]* +--hash=sha256:[0-9a-f]{64}$/);
  });

  it('puts the folder of every CUDA wheel on the library path', () => {
    // Prepare
    const wheels = [...read('container/requirements-gpu.txt').matchAll(/^nvidia-(.+)-cu12==/gm)];
    const folders = wheels.map((match) => `/opt/tensorflow/nvidia/${match[1]?.replaceAll('-', '_')}/lib`);

    // Act
    const path =
      /LD_LIBRARY_PATH=(.*)/
        .exec(of('ENV')[0] ?? '')?.[1]
        ?.replaceAll(' ', '')
        .split(':') ?? [];

    // Assess
    expect(path.slice(1)).toEqual(folders);
  });
});
