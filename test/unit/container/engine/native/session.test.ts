import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  locateBinding,
  type NativeBinding,
  requireBinding,
} from '../../../../../container/src/engine/native/binding.ts';
import { runProgram } from '../../../../../container/src/engine/native/run-program.ts';
import { openNativeSession } from '../../../../../container/src/engine/native/session.ts';
import type { NamedTensors, Session, Tensor } from '../../../../../container/src/engine/session.ts';
import { openBundle } from '../../../../../container/src/savedmodel/tensor-bundle-reader.ts';
import {
  writeCounter,
  writeHalfPlusTwo,
  writeLookup,
  writeUpperCase,
} from '../../../../fixtures/savedmodel/small-models.ts';
import { temporaryFolder } from '../../../../fixtures/savedmodel/temporary-folder.ts';
import { nativeEngine } from '../../../../native-engine.ts';

const floats = (...values: number[]): Tensor => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
});
const ints = (...values: number[]): Tensor => ({
  dtype: 'int32',
  shape: [values.length],
  data: Int32Array.from(values),
});
const bytes = (text: string) => new TextEncoder().encode(text);

async function openModel(write: (dir: string) => Promise<void>): Promise<Session> {
  const dir = join(await temporaryFolder(), '1');
  await write(dir);
  const session = openNativeSession(dir);
  onTestFinished(() => session.close());
  return session;
}

describe.skipIf(!nativeEngine.available)(`a native session${nativeEngine.note}`, () => {
  it('computes half plus two from a model of our own writing', async () => {
    const session = await openModel(writeHalfPlusTwo);
    expect(session.run('serving_default', { x: floats(1, 2, 5) })).toEqual({
      y: floats(2.5, 3, 4.5),
      twice: floats(5, 6, 9),
    });
  });

  it('tells its signatures with types and shapes', async () => {
    const session = await openModel(writeHalfPlusTwo);
    expect(session.engine).toBe('tensorflow');
    expect(session.signatures.get('serving_default')).toEqual({
      inputs: { x: { dtype: 'float32', shape: [-1] } },
      outputs: { y: { dtype: 'float32', shape: [-1] }, twice: { dtype: 'float32', shape: [-1] } },
    });
  });

  it('fetches only the outputs that are asked for', async () => {
    const session = await openModel(writeHalfPlusTwo);
    expect(session.run('serving_default', { x: floats(1) }, ['twice'])).toEqual({ twice: floats(5) });
    expect(session.run('serving_default', { x: floats(1) }, ['y'])).toEqual({ y: floats(2.5) });
  });

  it('takes an empty batch', async () => {
    const session = await openModel(writeHalfPlusTwo);
    expect(session.run('serving_default', { x: floats() }, ['y'])).toEqual({ y: floats() });
  });

  it('carries ids in and out', async () => {
    const session = await openModel(writeLookup);
    expect(session.run('rows', { ids: ints(3, 0) })).toEqual({
      rows: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(6, 7, 0, 1) },
      ids: ints(3, 0),
    });
  });

  it('carries strings of any bytes in and out', async () => {
    const session = await openModel(writeUpperCase);
    const text: Tensor = {
      dtype: 'string',
      shape: [3],
      data: [bytes('abc'), bytes(''), bytes('long enough for the heap')],
    };
    expect(session.run('upper', { text })).toEqual({
      upper: { dtype: 'string', shape: [3], data: [bytes('ABC'), bytes(''), bytes('LONG ENOUGH FOR THE HEAP')] },
      same: text,
    });
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (data) => {
        const input: Tensor = { dtype: 'string', shape: [data.length], data };
        expect(session.run('upper', { text: input }, ['same'])).toEqual({ same: input });
      }),
    );
  });

  it('keeps variables between runs, as training needs', async () => {
    // Prepare
    const session = await openModel(writeCounter);

    // Act
    const first = session.run('step', { value: floats(1, 2) });
    const second = session.run('step', { value: floats(1, 2) });

    // Assess
    expect(first).toEqual({ total: floats(11, 22) });
    expect(second).toEqual({ total: floats(12, 24) });
  });

  it('never shares the memory of an input with a variable', async () => {
    // Prepare
    const session = await openModel(writeCounter);
    const arrays = Array.from({ length: 64 }, (_, i) => Float32Array.of(i, i));

    for (const [i, data] of arrays.entries()) {
      // Act
      session.run('set', { value: { dtype: 'float32', shape: [2], data } });
      data.fill(-1);

      // Assess
      expect(session.run('step', { value: floats(0, 0) })).toEqual({ total: floats(i, i) });
      expect(data).toEqual(Float32Array.of(-1, -1));
    }
  });

  it('saves variables to a bundle that our reader opens', async () => {
    // Prepare
    const prefix = join(await temporaryFolder(), 'weights');
    const session = await openModel(writeCounter);
    session.run('step', { value: floats(0.5, 0.25) });

    // Act
    session.run('save', { filename: { dtype: 'string', shape: [], data: [bytes(prefix)] } });

    // Assess
    const bundle = openBundle(prefix);
    bundle.verify();
    expect([...bundle.tensors]).toEqual([['total', { shape: [2], dtype: 'float32' }]]);
    expect(bundle.readFloat32('total')).toEqual(Float32Array.of(10.5, 20.25));
    bundle.close();
  });

  it('gives two sessions of one model variables of their own', async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await writeCounter(dir);
    const [one, other] = [openNativeSession(dir), openNativeSession(dir)];

    // Act
    one.run('step', { value: floats(1, 1) });

    // Assess
    expect(other.run('step', { value: floats(0, 0) })).toEqual({ total: floats(10, 20) });
    one.close();
    other.close();
  });

  const REFUSED: readonly (readonly [string, NamedTensors, string])[] = [
    ['a missing input', {}, 'Input "x" is missing.'],
    ['an unknown input', { x: floats(1), z: floats(1) }, 'There is no input "z"; the inputs are x.'],
    ['a wrong type', { x: ints(1) }, 'Input "x" must be float32 [any], not int32 [1].'],
    ['a wrong number of dimensions', { x: { ...floats(1), shape: [1, 1] } as Tensor }, 'not float32 [1,1]'],
    [
      'values that do not fill the shape',
      { x: { ...floats(1), shape: [2] } as Tensor },
      'has 1 values, which do not fill [2]',
    ],
  ];

  it.each(REFUSED)('refuses %s and goes on', async (_, inputs, message) => {
    const session = await openModel(writeHalfPlusTwo);
    expect(() => session.run('serving_default', inputs)).toThrow(message);
    expect(session.run('serving_default', { x: floats(1) }, ['y'])).toEqual({ y: floats(2.5) });
  });

  it('names the signatures and outputs that there are', async () => {
    const session = await openModel(writeHalfPlusTwo);
    expect(() => session.run('embed', { x: floats(1) })).toThrow('no signature "embed"; it has serving_default');
    expect(() => session.run('serving_default', { x: floats(1) }, ['z'])).toThrow('no output "z"');
  });

  it('turns a failure inside TensorFlow into ModelFailed, with the cause, and goes on', async () => {
    const session = await openModel(writeLookup);
    const failing = () => session.run('rows', { ids: ints(1, 9) });
    expect(failing).toThrow(
      expect.objectContaining({
        code: 'ModelFailed',
        message: expect.stringContaining('indices[1] = 9 is not in [0, 4)'),
        cause: expect.any(Error),
      }),
    );
    expect(session.run('rows', { ids: ints(1) }, ['rows'])).toMatchObject({ rows: { data: Float32Array.of(2, 3) } });
  });

  it('N10 frees every tensor in 10,000 runs, whether they succeed or fail', async () => {
    // Prepare
    const binding: NativeBinding = requireBinding();
    const lookup = await openModel(writeLookup);
    const upper = await openModel(writeUpperCase);
    const text: Tensor = { dtype: 'string', shape: [1], data: [bytes('a string that lies on the heap')] };
    const handles = () => ({ tensors: binding.getNumOfTensors(), models: binding.getNumOfSavedModels() });
    const before = handles();

    // Act
    for (let i = 0; i < 2500; i++) {
      lookup.run('rows', { ids: ints(1, 2, 3) });
      upper.run('upper', { text });
      expect(() => lookup.run('rows', { ids: ints(9) })).toThrow('TensorFlow failed');
      expect(() => upper.run('upper', { text: ints(1) })).toThrow('must be string');
    }

    // Assess
    expect(handles()).toEqual(before);
  });

  it('works in two threads at once', async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await writeCounter(dir);
    const program = new URL('../../../../fixtures/savedmodel/count-in-worker.ts', import.meta.url);

    // Act
    const totals = await Promise.all(
      [1, 2].map(
        (step) =>
          new Promise((resolve, reject) => {
            const worker = new Worker(program, { workerData: { dir, step, runs: 500 } });
            worker.once('message', resolve);
            worker.once('error', reject);
          }),
      ),
    );

    // Assess
    expect(totals).toEqual([floats(510, 520), floats(1010, 1020)]);
  });

  it('frees the model when it is closed, once', async () => {
    const binding = requireBinding();
    const session = await openModel(writeHalfPlusTwo);
    const open = binding.getNumOfSavedModels();
    session.close();
    session.close();
    expect(binding.getNumOfSavedModels()).toBe(open - 1);
    expect(() => session.run('serving_default', { x: floats(1) })).toThrow('after it was closed');
  });

  it('starts without a word of TensorFlow’s, unless one asks for it', async () => {
    // Prepare
    const found = locateBinding();
    const program = fileURLToPath(
      new URL('../../../../../container/src/engine/native/prove-addon.ts', import.meta.url),
    );
    const start = (env: NodeJS.ProcessEnv) =>
      runProgram(process.execPath, [program, 'path' in found ? found.path : ''], { env });

    // Act
    const { TF_CPP_MIN_LOG_LEVEL: _, ...plain } = process.env;
    const [quiet, talkative] = await Promise.all([start(plain), start({ ...plain, TF_CPP_MIN_LOG_LEVEL: '0' })]);

    // Assess
    expect(quiet.output).toMatch(/^2\.\d+\.\d+\n$/);
    expect(talkative.output.split('\n').length).toBeGreaterThan(2);
  });

  it('says that a folder is no model, without its path', async () => {
    const folder = await temporaryFolder();
    expect(() => openNativeSession(folder)).toThrow(
      expect.objectContaining({ code: 'InvalidArtifact', message: expect.not.stringContaining(folder) }),
    );
  });
});
