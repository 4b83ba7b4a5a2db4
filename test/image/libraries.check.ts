/** The libraries in the image: exactly those that TensorFlow opens, each complete, and none of the driver. */
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { filesOf, imageUnderTest, runInImage } from './image.ts';

const image = imageUnderTest()!;
const TENSORFLOW = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** What TensorFlow 2.21 opens before it takes a GPU; it takes none when one of them is missing. */
const OPENED_FIRST = [
  ...['libcublas.so.12', 'libcublasLt.so.12', 'libcudart.so.12', 'libcudnn.so.9'],
  ...['libcufft.so.11', 'libcusolver.so.11', 'libcusparse.so.12'],
];
const NEEDED_BY_THEM = ['libnvJitLink.so.12'];
const OPENED_BY_CUDNN = [
  ...['adv', 'cnn', 'engines_precompiled', 'engines_runtime_compiled', 'graph', 'heuristic', 'ops'].map(
    (part) => `libcudnn_${part}.so.9`,
  ),
  ...['libnvrtc.so.12', 'libnvrtc-builtins.so.12.5'],
];
const CUDA = [...OPENED_FIRST, ...NEEDED_BY_THEM, ...OPENED_BY_CUDNN];
const DRIVER = ['libcuda.so.1', 'libnvidia-ml.so.1'];

const libraries = filesOf(image, 'opt').filter((path) => /\.so(\.|$)|\.node$/.test(path));

describe('the libraries of the image', () => {
  it('are TensorFlow and, for a GPU, what it opens of CUDA, all on the path of the loader', () => {
    // Act
    const names = libraries.filter((path) => !path.endsWith('.node')).map((path) => basename(path));
    const folders = new Set(libraries.map((path) => path.slice(0, path.lastIndexOf('/'))));

    // Assess
    expect(names.sort()).toEqual([...TENSORFLOW, ...(image.variant === 'gpu' ? CUDA : [])].sort());
    const onPath = image.env.LD_LIBRARY_PATH!.split(':').filter((folder) => folders.has(folder));
    expect(onPath.sort()).toEqual([...folders].filter((folder) => !folder.startsWith('/opt/binding')).sort());
  });

  it.each(libraries)('%s finds every library that it names', async (path) => {
    // Act
    const loader = ['/lib64/ld-linux-x86-64.so.2', '--list', path];
    const { exitCode, out } = await runInImage({ ...image, entrypoint: loader }, {}, []);

    // Assess
    expect(out.split('\n').filter((line) => line.includes('not found'))).toEqual([]);
    expect(exitCode).toBe(0);
  });
});

const note = image.variant === 'gpu' ? '' : ' (skipped: for the image of GPUs)';

describe.skipIf(image.variant !== 'gpu')(`TensorFlow in the image of GPUs${note}`, () => {
  let baseDir: string;

  beforeAll(async () => {
    baseDir = await mkdtemp(join(tmpdir(), 'twinvec-image-gpu-'));
    await chmod(baseDir, 0o755);
    await cp((await trainPairModel(join(baseDir, 'trained'), 'js')).folder, join(baseDir, 'model'), {
      recursive: true,
    });
  });
  afterAll(() => rm(baseDir, { recursive: true }));

  it('ends with the reason where a GPU is required and no driver is there', async () => {
    // Act
    const { exitCode, out } = await runInImage(image, { '/opt/ml': baseDir }, ['serve'], { TWINVEC_GPU: 'required' });

    // Assess
    expect(exitCode).toBe(1);
    expect(out).toContain('TWINVEC_GPU is required, and TensorFlow sees none');
  });

  it('opens all libraries that it asks for, and ends with the reason where the driver is too old for them', async () => {
    // Prepare
    await mkdir(join(baseDir, 'driver'));
    const source = join(import.meta.dirname, 'old-driver.c');
    for (const name of DRIVER)
      execFileSync('cc', ['-shared', '-fPIC', `-Wl,-soname,${name}`, '-o', join(baseDir, 'driver', name), source]);
    const env = {
      TWINVEC_ENGINE: 'tensorflow',
      TF_CPP_MIN_LOG_LEVEL: '0',
      TF_CPP_MAX_VLOG_LEVEL: '1',
      LD_LIBRARY_PATH: `/opt/ml/driver:${image.env.LD_LIBRARY_PATH}`,
    };

    // Act
    const { exitCode, out, errors } = await runInImage(image, { '/opt/ml': baseDir }, ['serve'], env);

    // Assess
    const opened = [...errors.matchAll(/Successfully opened dynamic library (\S+)/g)].map(([, name]) => name);
    expect([...new Set(opened)].sort()).toEqual([...OPENED_FIRST, ...DRIVER].sort());
    expect(errors).not.toContain('Could not load dynamic library');
    expect(out).toContain('CUDA driver version is insufficient for CUDA runtime version');
    expect(exitCode).toBe(1);
  });
});
