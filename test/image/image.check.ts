/** What the image itself promises: its user, its files, its labels, and both of its verbs with the root read-only. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { startServer } from '../server-process.ts';
import { commandInImage, imageUnderTest } from './image.ts';

const image = imageUnderTest()!;
const USER = 1000;
const PAIRS = Array.from({ length: 64 }, (_, n) =>
  JSON.stringify({ label: n % 2, in0: [n % 20], in1: [(n * 7) % 20] }),
);
const HYPERPARAMETERS = { enc0_network: 'pooled_embedding', enc0_vocab_size: '20', enc0_max_seq_len: '5', epochs: '1' };

let scratch: string;
let model: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'twinvec-image-check-'));
  model = (await trainPairModel(scratch, 'js')).folder;
});

afterAll(() => rm(scratch, { recursive: true }));

/** Everything below a folder of the image, as paths from its root. */
function filesOf(folder: string): string[] {
  return readdirSync(join(image.root, folder), { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name).slice(image.root.length),
  );
}

function status(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
}

async function runInImage(baseDir: string, args: readonly string[], entrypoint = image.entrypoint) {
  const [program, ...rest] = commandInImage({ ...image, entrypoint }, baseDir, args);
  const child = spawn(program!, rest, { env: { ...image.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode, out, errors };
}

describe('a server in the image', () => {
  it('answers with TensorFlow, as a user without rights, on a root that it cannot write, and ends at SIGTERM', async () => {
    // Prepare
    const server = await startServer({ modelDir: model, env: { TWINVEC_ENGINE: 'tensorflow' } });
    const invoke = (type: string, body: string) =>
      fetch(`${server.url}/invocations`, { method: 'POST', body, headers: { 'content-type': type } });

    // Act
    const ping = await fetch(`${server.url}/ping`);
    const json = await invoke('application/json', '{"instances":[{"in0":[3],"in1":[4,5]}]}');
    const lines = await invoke('application/jsonlines', '{"in0":[3]}\n{"in0":[4]}\n');
    const users = [status(server.pid, 'Uid'), status(server.pid, 'Gid'), status(server.pid, 'Groups').trim()];
    const rights = ['CapInh', 'CapPrm', 'CapEff'].map((field) => Number(`0x${status(server.pid, field)}`));
    const mounts = readFileSync(`/proc/${server.pid}/mounts`, 'utf8').split('\n');
    const { exitCode } = await server.stop();

    // Assess
    expect([ping.status, json.status, lines.status]).toEqual([200, 200, 200]);
    expect(await json.json()).toEqual({ predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] });
    expect((await lines.text()).trim().split('\n')).toHaveLength(2);
    expect(users).toEqual([`${USER}\t`.repeat(4).trim(), `${USER}\t`.repeat(4).trim(), `${USER}`]);
    expect(rights).toEqual([0, 0, 0]);
    expect(mounts.find((line) => line.split(' ')[1] === '/')).toMatch(/ ro[, ]/);
    expect(server.logs.filter(({ event }) => event === 'runs_as_root')).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('stays root, and says why, where its files are for root alone', async () => {
    // Prepare: a file that SageMaker would have unpacked with its archive's rights
    const baseDir = join(scratch, 'closed');
    await mkdir(join(baseDir, 'model/code'), { recursive: true });
    await writeFile(join(baseDir, 'model/code/private'), '');
    await chmod(join(baseDir, 'model/code/private'), 0o600);

    // Act: no model is there, so that the server ends
    const { exitCode, out } = await runInImage(baseDir, ['serve']);

    // Assess
    expect(exitCode).toBe(1);
    expect(out).toContain('"event":"runs_as_root"');
    expect(out).toContain('/opt/ml/model/code/private may be read by root alone');
  });
});

describe('training in the image', () => {
  it('writes the model that SageMaker packs, as the same user', async () => {
    // Prepare
    const baseDir = join(scratch, 'job');
    await mkdir(join(baseDir, 'input/config'), { recursive: true });
    await mkdir(join(baseDir, 'input/data/train'), { recursive: true });
    await writeFile(join(baseDir, 'input/config/hyperparameters.json'), JSON.stringify(HYPERPARAMETERS));
    await writeFile(join(baseDir, 'input/data/train/pairs.jsonl'), PAIRS.join('\n'));
    await chmod(scratch, 0o755);

    // Act
    const { exitCode, out, errors } = await runInImage(baseDir, ['train']);

    // Assess
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: expect.not.stringContaining('as root') });
    expect(out).toContain('#quality_metric: host=');
    expect(statSync(join(baseDir, 'model/object2vec.json')).uid).toBe(USER);
  });
});

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
    const programs = ['usr/bin', 'usr/local/bin'].flatMap(filesOf);
    expect(
      programs.filter((path) => /\/(?:g\+\+|gcc|cc|make|python3?|pip3?|npm|npx|yarn|corepack)$/.test(path)),
    ).toEqual([]);
    expect(
      filesOf('app').filter(
        (path) => /\.(?:test\.ts|whl|tar\.gz)$|\/test\//.test(path) && !path.includes('node_modules'),
      ),
    ).toEqual([]);
    expect(existsSync(join(image.root, 'wheels'))).toBe(false);
  });

  it('has no file that gives its caller the rights of another user', () => {
    const setUser = ['usr', 'opt', 'app', 'etc', 'var'].flatMap(filesOf).filter((path) => {
      const found = statSync(join(image.root, path), { throwIfNoEntry: false });
      return found?.isFile() && (found.mode & 0o6000) !== 0;
    });
    expect(setUser).toEqual([]);
  });

  it('lists what it is made of', async () => {
    // Act
    const { exitCode, out } = await runInImage(scratch, [], ['node', '/app/container/sbom.ts']);

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

  it('holds the libraries of its variant on the path of the loader, and no driver', () => {
    const folders = image.env.LD_LIBRARY_PATH!.split(':');
    const there = folders.filter((folder) => existsSync(join(image.root, folder)));
    expect(there).toEqual(image.variant === 'gpu' ? folders : ['/opt/tensorflow/tensorflow']);
    expect(filesOf('opt').filter((path) => /\/libcuda\.so|\/libnvidia-ml/.test(path))).toEqual([]);
  });
});
